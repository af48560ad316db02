"use strict";

// createTable: one native call. What a table must be is decided in Rust.

const { toDynamoDbError } = require("./errors.cjs");

module.exports = function createTable(loadNative, options) {
  function raise(thrown) {
    throw toDynamoDbError(thrown, "createTable", raise);
  }
  try {
    return loadNative()
      .createTable({ ...options }, process.env)
      .catch(raise);
  } catch (thrown) {
    return Promise.reject(toDynamoDbError(thrown, "createTable", createTable));
  }
};
