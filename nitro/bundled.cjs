"use strict";

// Nitro 2 and 3.0.0 bundle every package whose name starts with that of one of their own dependencies, here
// "unstorage", into an ES module. The generated loader has no `require` there, but the platform package is copied next
// to the bundle.

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

// `address` is a function because Nitro 2 sets the URL only after the server has started. Returning `result` keeps
// bundlers from removing the call.
module.exports.near = function near(address, result) {
  where = address;
  return result;
};
