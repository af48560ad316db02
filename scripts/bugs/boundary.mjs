// Bugs in the JavaScript layer, at the boundary and in what lasts as long as a driver. Data only: what each field means
// is in list.mjs.

const credentials = "__test__/credentials.spec.ts";
const factory = "__test__/factory.spec.ts";
const disposal = "__test__/dispose.spec.ts";
const signals = "__test__/abort.spec.ts";
const errors = "__test__/errors.spec.ts";
const requests = "__test__/options-requests.spec.ts";

/** @type {import("./list.mjs").Bug[]} */
export const boundary = [
  {
    name: "credentials show in driver.options",
    rule: "API-5",
    file: "js/driver.cjs",
    find: "const options = plain(given, SHOWN_OPTIONS);",
    replace: "const options = { ...plain(given, SHOWN_OPTIONS), credentials: given.credentials };",
    vitest: factory,
  },
  {
    name: "a password shows in driver.options.endpoint",
    rule: "API-5",
    file: "js/driver.cjs",
    find: 'if (typeof options[name] === "string") options[name] = withoutUser(options[name]);',
    replace: "",
    vitest: factory,
  },
  {
    name: "the caller's options are changed",
    rule: "API-5",
    file: "js/driver.cjs",
    find: "given = { ...options };",
    replace: "given = Object.assign(options ?? {}, { driver: undefined });",
    vitest: factory,
  },
  {
    name: "a refused option is not remembered",
    rule: "API-3",
    file: "js/driver.cjs",
    find: "throw (failure = error);\n      } finally",
    replace: "throw error;\n      } finally",
    vitest: factory,
  },
  {
    name: "a failure to connect is not remembered",
    rule: "API-3",
    file: "src/store/call.rs",
    find: "match client.get_or_init(|| Box::pin(Client::connect(options, surroundings.clone()))).await {",
    replace:
      "let connect = || Client::connect(options, surroundings.clone());\n        let connected = client.get_or_try_init(|| async { Box::pin(connect()).await.map(Ok::<Client, Error>) }).await;\n        match connected.and_then(|client| client.as_ref().map_err(Clone::clone)) {",
    vitest: factory,
  },
  {
    name: "a method throws where it should reject",
    rule: "API-3",
    file: "js/driver.cjs",
    find: "return Promise.reject(toDynamoDbError(thrown, operation, call));",
    replace: "throw toDynamoDbError(thrown, operation, call);",
    vitest: factory,
  },
  {
    name: "a driver that was disposed unused opens",
    rule: "DIS-3",
    file: "js/driver.cjs",
    find: "if (disposed && !native) throw { ...CLOSED, table: visible.table };",
    replace: "",
    vitest: disposal,
  },
  {
    name: "dispose lets waiting requests go out",
    rule: "DIS-2",
    file: "src/store.rs",
    find: "session.slots.close();",
    replace: "",
    vitest: disposal,
  },
  {
    name: "dispose does not wait for requests sent",
    rule: "DIS-2",
    file: "src/store.rs",
    find: "self.running.wait().await;",
    replace: "",
    vitest: disposal,
  },
  {
    name: "an error's own name is lost",
    rule: "ERR-2",
    file: "js/errors.cjs",
    find: 'define(this, "name", data.name);',
    replace: "",
    vitest: errors,
  },
  {
    name: "no error is retryable",
    rule: "ERR-1",
    file: "js/errors.cjs",
    find: "this.retryable = data.retryable;",
    replace: "this.retryable = false;",
    vitest: errors,
  },
  {
    name: "the stack begins inside the driver",
    rule: "ERR-5",
    file: "js/errors.cjs",
    find: "Error.captureStackTrace(this, caller);",
    replace: "",
    vitest: errors,
  },
  {
    name: "a signal's listener is not removed",
    rule: "ABT-3",
    file: "src/node/abort.rs",
    find: 'remove.apply(signal, ("abort", self.listener.get_value(env)?.to_unknown()).into())?;',
    replace: "let _ = remove;",
    vitest: signals,
  },
  {
    name: "a signal raised before does not stop the call",
    rule: "ABT-1",
    file: "src/node/abort.rs",
    find: 'if signal.get_named_property::<bool>("aborted")? {',
    replace: "if false {",
    vitest: signals,
  },
  {
    // The pool bounds connections as well, but there the wait is a request's own time.
    name: "the wait for a connection counts",
    rule: "OPT-14",
    file: "src/store/call.rs",
    find: "self.session.slots.take().await.map_err(|_| self.fail(Error::closed()))",
    replace:
      "let limit = std::time::Duration::from_millis(600);\n" +
      "let slot = tokio::time::timeout(limit, self.session.slots.take()).await;\n" +
      "slot.ok().and_then(Result::ok).ok_or_else(|| self.fail(Error::closed()))",
    vitest: "__test__/timeouts.spec.ts",
  },
  {
    name: "the option maxConnections is ignored",
    rule: "OPT-15",
    file: "src/store.rs",
    find: "Arc::new(Slots::new(options.limits.max_connections));",
    replace: "Arc::new(Slots::new(1_000));",
    vitest: requests,
  },
  {
    name: "the option consistentRead is ignored",
    rule: "OPT-12",
    file: "src/store/call.rs",
    find: ".as_flag(self.session.options.consistent_read)",
    replace: ".as_flag(false)",
    vitest: requests,
  },
  {
    name: "each request looks credentials up for itself",
    rule: "CRED-5",
    file: "src/client/credentials.rs",
    find: "if let Some((lookup, _)) = &state.lookup {",
    replace: "if let Some((lookup, _)) = state.lookup.as_ref().filter(|_| false) {",
    vitest: credentials,
  },
  {
    name: "credentials that AWS refused are used again",
    rule: "CRED-8",
    file: "src/client/credentials.rs",
    find: "            state.held = None;\n",
    replace: "",
    vitest: credentials,
  },
];
