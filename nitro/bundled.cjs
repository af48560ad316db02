"use strict";

// Nitro 2 and 3.0.0 take every package whose name begins with that of one of their own dependencies, here "unstorage",
// into an ES module. There the generated loader has no `require`, but the platform package is copied beside the bundle.

const { createRequire } = require("node:module");

const { platformTag } = require("../js/loader.cjs");

let where;

module.exports = (load) => {
  try {
    return load();
  } catch (error) {
    if (!where || typeof __filename === "string") throw error;
    return createRequire(where())(`@unstorage-dynamodb/binding-${platformTag()}`);
  }
};

// A function, as Nitro 2 knows the address only when the server has started. The result is used, so that no bundler
// leaves the call out.
module.exports.near = function near(address, result) {
  where = address;
  return result;
};
