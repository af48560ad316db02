// One CommonJS entry serves both module systems: ESM and CJS callers share one factory and one error class.
// The references are static, file by file, so that bundlers that trace files find the addon.
import driver from "./index.js";
import bundled from "./nitro/bundled.cjs";
const dynamoDbCacheDriver = bundled.near(() => import.meta.url, driver);
export const { createTable, DynamoDbError } = driver;
export { dynamoDbCacheDriver, dynamoDbCacheDriver as default };
