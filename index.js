"use strict";

// One CommonJS entry serves both module systems: all callers share one factory and one error class.
const loadNative = require("./js/native.cjs");
const dynamoDbCacheDriver = (module.exports = require("./js/driver.cjs")(loadNative));
module.exports.default = dynamoDbCacheDriver;
module.exports.dynamoDbCacheDriver = dynamoDbCacheDriver;
// Loaded on the first call, because few apps create a table.
module.exports.createTable = (options) => require("./js/table.cjs")(loadNative, options);
module.exports.DynamoDbError = require("./js/errors.cjs").DynamoDbError;
