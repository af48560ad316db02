"use strict";

// The unstorage driver: loads the addon on the first call, binds each method to one native call, and hides secrets.
// All other logic is in Rust.

const { toDynamoDbError } = require("./errors.cjs");
const { start, traced } = require("./tracing.cjs");

const words = (text) => text.split(" ");

const METHODS = words(
  "hasItem getItem getItems getItemRaw getMeta setItem setItems setItemRaw removeItem getKeys clear",
);

// The addon's error after disposal, for a driver that was disposed before it loaded the addon.
const CLOSED = {
  name: "ClosedError",
  code: "ERR_DYNAMODB_CLOSED",
  message: "[unstorage] [aws-dynamodb] the driver was disposed; create a new one to continue",
  retryable: false,
};

// The options that `driver.options` exposes. Frameworks log and trace it, so this is an allow-list: an unknown option
// may be a misplaced secret.
const SHOWN_OPTIONS = words(
  "table region profile expireIn ttl base batch coalesce consistentRead compression index endpoint proxy userAgent " +
    "nearCache maxAttempts connectTimeout attemptTimeout timeout maxConnections circuitBreaker",
);
const SHOWN_URLS = ["endpoint", "proxy"]; // may contain a user name and password
const SHOWN_WITHIN = {
  attributes: words("key value ttl mtime encoding etag"),
  largeValues: words("maxSize"),
  scan: words("segments concurrency pageSize"),
  circuitBreaker: words("failures cooldown"),
  nearCache: words("ttl maxBytes negativeTtl"),
};

module.exports = function createFactory(loadNative) {
  return function dynamoDbCacheDriver(options) {
    let native, adopt, instance, failure, disposed;
    let [given, visible] = [{}, {}];
    let reads = true; // whether calls must pass the environment to the addon
    try {
      // Copied, so that each getter runs once and later changes by the caller have no effect.
      given = { ...options };
      visible = shown(given);
    } catch (error) {
      failure = error;
    }

    // Invalid options are a permanent failure; a problem with the environment or the addon may be fixed by the next
    // call. `process.env` is passed in because worker threads, test runners and assignments can make it differ from the
    // environment of the process.
    function open() {
      if (disposed && !native) throw { ...CLOSED, table: visible.table };
      if (failure) throw failure;
      if (native) {
        if (reads) reads = native.enter(process.env);
        return native;
      }
      const addon = loadNative();
      try {
        native = addon.dynamoDbCacheDriver(given, process.env);
        if (!(native instanceof Object)) adopt = require("./realm.cjs");
      } catch (error) {
        if (given.table && error?.code === "ERR_DYNAMODB_INVALID_OPTION") failure = error;
        throw error;
      }
      given = undefined;
      return native;
    }

    // unstorage detaches methods, so none of them uses `this`. At most one promise is derived from the native one, by
    // `catch`, so that V8 can still find the caller's async stack frames.
    function method(operation) {
      function call(a, b, c) {
        try {
          const driver = open();
          const promise = start.hasSubscribers
            ? traced(driver, operation, [a, b, c])
            : driver[operation](a, b, c);
          return adopt ? Promise.resolve(promise).then(adopt, raise) : promise.catch(raise);
        } catch (thrown) {
          return Promise.reject(toDynamoDbError(thrown, operation, call));
        }
      }
      function raise(thrown) {
        throw toDynamoDbError(thrown, operation, raise);
      }
      return call;
    }

    const driver = {
      name: "aws-dynamodb",
      options: visible,
      // unstorage passes conditions only to drivers with this flag. `"*"` needs no etag, so calls of the driver itself
      // may use it without the flag.
      ...(visible.attributes?.etag && { flags: { cas: true } }),
      ...Object.fromEntries(METHODS.map((name) => [name, method(name)])),
      // Synchronous, as in unstorage's own drivers.
      getInstance() {
        try {
          // `sweep` is not enumerable, as the other methods, which belong to its class.
          return (instance ??= Object.defineProperty(open().getInstance(), "sweep", {
            value: method("sweep"),
          }));
        } catch (thrown) {
          throw toDynamoDbError(thrown, "getInstance");
        }
      },
      dispose() {
        disposed = true;
        // Without an open driver there is no need to load the addon.
        return Promise.resolve(native?.dispose());
      },
    };
    if (!given.nearCache) return driver;
    return require("./near_cache.cjs")(driver, () => open().nearCache());
  };
};

// Copies only primitive values, because a misplaced object (a URL, for example) may contain a secret.
function shown(given) {
  const options = plain(given, SHOWN_OPTIONS);
  for (const name of SHOWN_URLS) {
    if (typeof options[name] === "string") options[name] = withoutUser(options[name]);
  }
  for (const [name, names] of Object.entries(SHOWN_WITHIN)) {
    const within = given[name];
    if (within && typeof within === "object") options[name] = plain(within, names);
  }
  return options;
}

function plain(object, names) {
  const copy = {};
  for (const name of names) {
    const value = object[name];
    if (["string", "number", "boolean"].includes(typeof value)) copy[name] = value;
  }
  return copy;
}

// `driver.options` is visible before the options are validated. An invalid URL that contains an `@` may be one with an
// unescaped password.
function withoutUser(url) {
  if (!url.includes("@")) return url;
  if (URL.canParse(url)) {
    const { username, password } = new URL(url);
    if (!username && !password) return url;
  }
  return url.replace(/^.*@/s, "***@");
}
