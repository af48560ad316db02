// The entry point for the export condition "unwasm", which only Nitro 3 sets. Nitro 3 bundles its dependencies but
// cannot bundle a native addon, so this entry point includes the addon as bytes.
//
// It must not import js/native.cjs, which would lead the bundler to the .node file itself.
import createFactory from "../js/driver.cjs";
import errors from "../js/errors.cjs";
import create from "../js/table.cjs";
import loadAddon from "./addon.mjs";

export const createTable = (options) => create(loadAddon, options);
export const DynamoDbError = errors.DynamoDbError;
const dynamoDbCacheDriver = createFactory(loadAddon);
export { dynamoDbCacheDriver, dynamoDbCacheDriver as default };
