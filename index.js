"use strict";

const loadNative = require("./js/native.cjs");
const createFactory = require("./js/driver.cjs");
const { DynamoDbError } = require("./js/errors.cjs");

const dynamoDbCacheDriver = createFactory(loadNative);

module.exports = dynamoDbCacheDriver;
module.exports.default = dynamoDbCacheDriver;
module.exports.dynamoDbCacheDriver = dynamoDbCacheDriver;
module.exports.DynamoDbError = DynamoDbError;
