"use strict";

const loadNative = require("./js/native.cjs");
const createFactory = require("./js/driver.cjs");
const createTableCreator = require("./js/table.cjs");
const { DynamoDbError } = require("./js/errors.cjs");

const dynamoDbCacheDriver = createFactory(loadNative);

module.exports = dynamoDbCacheDriver;
module.exports.default = dynamoDbCacheDriver;
module.exports.dynamoDbCacheDriver = dynamoDbCacheDriver;
module.exports.createTable = createTableCreator(loadNative);
module.exports.DynamoDbError = DynamoDbError;
