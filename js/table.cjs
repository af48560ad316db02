"use strict";

// createTable: one native call. What a table must be is decided in Rust.

const { toDynamoDbError } = require("./errors.cjs");

module.exports = function createTable(loadNative, options) {
  function raise(thrown) {
    throw toDynamoDbError(thrown, "createTable", raise);
  }
  try {
    // A promise and a result of this realm, as in driver.cjs.
    const made = Promise.resolve(loadNative().createTable({ ...options }, process.env));
    return made.then((result) => ({ ...result }), raise);
  } catch (thrown) {
    return Promise.reject(toDynamoDbError(thrown, "createTable", createTable));
  }
};
