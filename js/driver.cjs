"use strict";

// The unstorage Driver: loads the addon at the first call, binds each method to one native call, and hides secrets.
// Everything else is decided in Rust.

const { toDynamoDbError } = require("./errors.cjs");

const words = (text) => text.split(" ");

const METHODS = words(
  "hasItem getItem getItems getItemRaw getMeta setItem setItems setItemRaw removeItem getKeys clear",
);

// What the addon says of itself once disposed, for a driver that never loaded it.
const CLOSED = {
  name: "ClosedError",
  code: "ERR_DYNAMODB_CLOSED",
  message: "[unstorage] [aws-dynamodb] the driver was disposed; make a new one to go on",
  retryable: false,
};

// What `driver.options` may show. An allow-list: frameworks log and trace it, and an option that is not known here
// may be a secret in the wrong place.
const SHOWN_OPTIONS = words(
  "table region profile expireIn ttl base batch consistentRead endpoint proxy userAgent " +
    "maxAttempts connectTimeout attemptTimeout timeout maxConnections circuitBreaker",
);
const SHOWN_URLS = ["endpoint", "proxy"]; // which may hold user information
const SHOWN_WITHIN = {
  attributes: words("key value ttl mtime"),
  scan: words("segments concurrency pageSize"),
  circuitBreaker: words("failures cooldown"),
};

module.exports = function createFactory(loadNative) {
  return function dynamoDbCacheDriver(options) {
    let native, adopt, instance, failure, disposed;
    let given = {};
    let reads = true; // whether a call must show the addon the environment
    try {
      // One copy, so that each getter runs once and later changes by the caller change nothing.
      given = { ...options };
    } catch (error) {
      failure = error;
    }

    const visible = shown(given);

    // What is wrong in the options is kept; what the environment or the addon lacks may be there at the next call.
    // `process.env` is handed over: workers, test runners and assignments do not share that of the process.
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

    // unstorage calls methods detached, so none uses `this`. At most one promise is derived from the native one, in
    // a `catch`: V8 then still finds the caller's async frames.
    function method(operation) {
      function call(a, b, c) {
        try {
          const promise = open()[operation](a, b, c);
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

    return {
      name: "aws-dynamodb",
      options: visible,
      ...Object.fromEntries(METHODS.map((name) => [name, method(name)])),
      // Synchronous, as in unstorage's own drivers.
      getInstance() {
        try {
          return (instance ??= open().getInstance());
        } catch (thrown) {
          throw toDynamoDbError(thrown, "getInstance");
        }
      },
      dispose() {
        disposed = true;
        // Nothing was opened, so there is nothing to load the addon for.
        return Promise.resolve(native?.dispose());
      },
    };
  };
};

// Copies plain values only: an object in the wrong place (a URL, say) may hold a secret of its own.
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

// `options` shows from the start, before anything is checked. What is no URL, but has an `@`, may be one with a typing
// error in its password.
function withoutUser(url) {
  if (!url.includes("@")) return url;
  if (URL.canParse(url)) {
    const { username, password } = new URL(url);
    if (!username && !password) return url;
  }
  return url.replace(/^.*@/s, "***@");
}
