"use strict";

const loadNative = require("./js/native.cjs");
const createFactory = require("./js/driver.cjs");
const { DynamoDbError } = require("./js/errors.cjs");

const dynamoDbCacheDriver = createFactory(loadNative);
// Loaded by its first call: few apps make a table.
const createTable = (options) => require("./js/table.cjs")(loadNative, options);

module.exports = dynamoDbCacheDriver;
module.exports.default = dynamoDbCacheDriver;
module.exports.dynamoDbCacheDriver = dynamoDbCacheDriver;
module.exports.createTable = createTable;
module.exports.DynamoDbError = DynamoDbError;
