// The driver trusts the same certificates as Node's https, also on systems without a certificate store. Each case runs
// in a separate process, because Node reads authorities once per process.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callInChild, type ChildOptions, entry, literal, runChild } from "./helpers/child";
import { Authority } from "./helpers/certificates";
import { ScriptedEndpoint } from "./helpers/endpoint";
import { useRecorder } from "./helpers/recorder";
import { credentials } from "./helpers/table";

const recorder = useRecorder();
const authority = new Authority();
const certificate = authority.issue();
const server = new ScriptedEndpoint(certificate);

/** The response of STS to a request for a role. */
const role = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>
  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;

/** The options except for the endpoint. */
const own = { table: "t-1", region: "us-east-1", credentials, maxAttempts: 1 };
let options: Record<string, unknown>;
beforeAll(async () => {
  await server.start();
  server.script(({ operation }) => ({ body: operation ? {} : role }));
  options = { ...own, endpoint: server.endpoint.replace("127.0.0.1", "localhost") };
});
afterAll(() => {
  server.stop();
  authority.remove();
});

/** A system without its own certificate store, like `node:*-slim`. */
const bare = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: "/nonexistent" };
const trusted = { ...bare, NODE_EXTRA_CA_CERTS: authority.file };

/** Runs a script with `options` and `driver` in scope, and returns what it reports. */
async function reportsOf(script: string, child: ChildOptions = {}): Promise<any[]> {
  const given = `const options = ${literal(options)}; const driver = dynamoDbCacheDriver(options);`;
  const { code, reports, stderr } = await runChild(given + script, child);
  expect(code, stderr).toBe(0);
  return reports;
}

/** Returns the error of one read, or null. */
async function call(env: Record<string, string>, more: ChildOptions = {}): Promise<any> {
  const { reports, stderr } = await callInChild(options, { ...more, env });
  expect(reports, stderr).toHaveLength(1);
  return reports[0];
}

/** Replaces Node's own list, and counts in `read` how often it is read. */
const nodesList = (list: string): string => `
  const { default: tls } = await import("node:tls");
  let read = 0;
  tls.getCACertificates = () => (read += 1, ${list});
`;

describe("authorities", () => {
  it.each<[string, Record<string, string>]>([
    ["[TLS-1] NODE_EXTRA_CA_CERTS, also if the system has no store", trusted],
    ["[TLS-1] the system's own store", { SSL_CERT_FILE: authority.file }],
    ["[TLS-2] AWS_CA_BUNDLE", { ...bare, AWS_CA_BUNDLE: authority.file }],
    ["[TLS-2] AWS_CA_BUNDLE adds to other sources", { ...trusted, AWS_CA_BUNDLE: "other.pem" }],
  ])("%s", async (_, env) => {
    expect(await call(env, { home: { "other.pem": certificate.cert } })).toBeNull();
  });

  it("[TLS-1] without other sources, Node's own list is used, which does not contain this authority", async () => {
    const script = `
      const { code, cause } = await failure(driver.getItem("k"));
      report([code, cause.message]);
    `;
    const [[code, cause]] = await reportsOf(script, { env: bare });
    expect(code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(cause).toContain("UnknownIssuer");
  });

  const broken = "-----BEGIN CERTIFICATE-----\nCANARY!\n-----END CERTIFICATE-----\n";
  it.each<[string, Record<string, string>]>([
    ["missing", {}],
    ["empty", { bundle: "" }],
    ["not PEM", { bundle: "CANARY\0\u{1f600}" }],
    ["broken", { bundle: broken }],
    ["without a certificate", { bundle: broken.replace("CANARY!", "AAAA") }],
  ])("[TLS-2] a bundle that is %s is an error that names the variable", async (_, home) => {
    const error = await call({ AWS_CA_BUNDLE: "bundle" }, { home });
    expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(error.message).toContain("AWS_CA_BUNDLE");
    expect(JSON.stringify(error)).not.toContain("CANARY");
  });

  it("[TLS-1] content of NODE_EXTRA_CA_CERTS that Node ignores is ignored, without a crash", async () => {
    for (const extra of ["CANARY", broken, `${broken}${certificate.cert}`]) {
      const error = await call({ ...bare, NODE_EXTRA_CA_CERTS: "extra" }, { home: { extra } });
      expect(error.code).toBe("ERR_DYNAMODB_CONNECTION");
    }
  });

  it("[TLS-3] a plain endpoint needs no authorities", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    const script = `
      ${nodesList("[]")}
      const plain = { ...options, endpoint: ${literal(recorder.endpoint)} };
      report([await dynamoDbCacheDriver(plain).getItem("k"), read]);
    `;
    const env = { AWS_CA_BUNDLE: "/nonexistent" };
    expect(await reportsOf(script, { env })).toEqual([[null, 0]]);
  });

  const foreign = authority.selfSigned("DNS:elsewhere.example").file;
  it.each<[string, number, Record<string, string>]>([
    ["verify the certificate: Node's list is not read", 0, { SSL_CERT_FILE: authority.file }],
    ["do not verify it: Node's list is read, once", 1, { SSL_CERT_FILE: foreign }],
    ["are empty: Node's list is read, once", 1, bare],
  ])("[TLS-3] files that %s", async (_, times, env) => {
    const script = `
      ${nodesList(literal([authority.pem]))}
      const values = await Promise.all([driver.getItem("a"), driver.getItem("b")]);
      values.push(await dynamoDbCacheDriver(options).getItem("c"));
      report([values, read]);
    `;
    expect(await reportsOf(script, { env })).toEqual([[[null, null, null], times]]);
  });

  it("[TLS-1] credential sources trust the same authorities, even if DynamoDB's endpoint is plain", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    const env = {
      ...trusted,
      AWS_ENDPOINT_URL_STS: String(options.endpoint),
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
      AWS_WEB_IDENTITY_TOKEN_FILE: "token",
    };
    const plain = { ...own, credentials: undefined, endpoint: recorder.endpoint };
    server.forget();
    const { reports } = await callInChild(plain, { env, home: { token: "web" } });
    expect(reports).toEqual([null]);
    expect(server.seen.map(({ operation }) => operation)).toEqual([""]);
    expect(recorder.exchanges[0]?.accessKeyId).toBe("AKIDROLE");
  });

  it.each([
    ["AWS_CA_BUNDLE", "ERR_DYNAMODB_INVALID_OPTION"],
    ["NODE_EXTRA_CA_CERTS", "ERR_DYNAMODB_CONNECTION"],
    ["SSL_CERT_FILE", "ERR_DYNAMODB_CONNECTION"],
  ])(
    "[TLS-9] %s: a file that is created later is read by the same driver's next call",
    async (name, code) => {
      const script = `
      const { writeFileSync } = await import("node:fs");
      report((await failure(driver.getItem("k"))).code);
      writeFileSync("later.pem", ${literal(authority.pem)});
      report(await driver.getItem("k"));
    `;
      const env = { [name]: "later.pem", NODE_NO_WARNINGS: "1" };
      expect(await reportsOf(script, { env })).toEqual([code, null]);
    },
  );

  /** Starts `threads` workers that each run `work` with `make`, `options`, `flags` and `parentPort` in scope. */
  const inWorkers = (threads: number, work: string): string => `
    const { Worker } = await import("node:worker_threads");
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const code = String.raw\`
      Promise.all([import(${literal(entry)}), import("node:worker_threads")]).then(
        async ([{ default: make }, { parentPort, workerData: { flags, options } }]) => { ${work} },
      );
    \`;
    const answers = Array.from({ length: ${threads} }, () => new Promise((resolve, reject) =>
      new Worker(code, { eval: true, workerData: { flags, options } }).on("message", resolve).on("error", reject),
    ));
  `;

  it("[TLS-8] a busy thread does not block the calls of another thread", async () => {
    const work = `
      ${nodesList(literal([authority.pem]))}
      const call = make(options).getItem("k");
      // The call runs in the background. This thread blocks until the other one has its result.
      Atomics.store(flags, 0, 1);
      Atomics.notify(flags, 0);
      const ended = Atomics.wait(flags, 1, 0, 20_000);
      parentPort.postMessage([ended, await call]);
    `;
    const script = `
      ${nodesList(literal([authority.pem]))}
      ${inWorkers(1, work)}
      while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const value = await driver.getItem("k");
      Atomics.store(flags, 1, 1);
      Atomics.notify(flags, 1);
      report([value, await answers[0]]);
    `;
    expect(await reportsOf(script, { env: bare })).toEqual([[null, ["ok", null]]]);
  });

  it("[TLS-1] several threads can each have a driver", async () => {
    const work = `parentPort.postMessage(await make(options).getItem("k"));`;
    const script = `${inWorkers(3, work)} report(await Promise.all(answers));`;
    expect(await reportsOf(script, { env: trusted })).toEqual([[null, null, null]]);
  });
});

it("[TLS-4] warns once per process of an unencrypted public host, and never of a private one", async () => {
  const exposed = "http://192.0.2.1:9";
  const script = `
    const seen = [];
    process.on("warning", ({ name, message }) => seen.push(name + message));
    for (const endpoint of [${literal(recorder.endpoint)}, ${literal(exposed)}, ${literal(exposed)}]) {
      const driver = dynamoDbCacheDriver({ ...options, timeout: 300, endpoint });
      await Promise.allSettled([driver.getItem("k"), driver.hasItem("k")]);
      await new Promise(setImmediate);
      report(seen);
    }
  `;
  recorder.spoil(() => ({ status: 200, body: {} }));
  const warning = expect.stringMatching(/^DynamoDbWarning.*http:\/\/192\.0\.2\.1:9/s);
  expect(await reportsOf(script)).toEqual([[], [warning], [warning]]);
});
