// The entry under the export condition "unwasm", which Nitro 3 sets and nobody else: Nitro 3 bundles its dependencies,
// and cannot bundle an addon. Here it finds one that is written out as bytes.
//
// It must not refer to js/native.cjs, whose references lead a bundler to the .node file itself.
import createFactory from "../js/driver.cjs";
import errors from "../js/errors.cjs";
import create from "../js/table.cjs";
import loadAddon from "./addon.mjs";

export const createTable = (options) => create(loadAddon, options);
export const DynamoDbError = errors.DynamoDbError;
const dynamoDbCacheDriver = createFactory(loadAddon);
export { dynamoDbCacheDriver, dynamoDbCacheDriver as default };
