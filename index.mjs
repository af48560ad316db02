// One CommonJS entry serves both module systems: ESM and CJS callers share one factory and one error class.
// The references are static, file by file, so that bundlers that trace files find the addon.
import dynamoDbCacheDriver from "./index.js";

export const createTable = dynamoDbCacheDriver.createTable;
export const DynamoDbError = dynamoDbCacheDriver.DynamoDbError;
export { dynamoDbCacheDriver, dynamoDbCacheDriver as default };
