"use strict";

// createTable: a single native call. All logic is in Rust.

const { toDynamoDbError } = require("./errors.cjs");

module.exports = function createTable(loadNative, options) {
  function raise(thrown) {
    throw toDynamoDbError(thrown, "createTable", raise);
  }
  try {
    // Convert the promise and the result to this realm, as in driver.cjs.
    const made = Promise.resolve(loadNative().createTable({ ...options }, process.env));
    return made.then((result) => ({ ...result }), raise);
  } catch (thrown) {
    return Promise.reject(toDynamoDbError(thrown, "createTable", createTable));
  }
};
