// What bundlers find. The references are static, file by file, for those that trace files to find the addon. What Node
// takes has no other reference than its address, which also says where a bundle is; a tracer sees no arrow's own value.
import driver from "./index.js";
import bundled from "./nitro/bundled.cjs";
const factory = bundled.near((node = new URL("./js/node.mjs", import.meta.url)) => node, driver);
export const { createTable, DynamoDbError } = driver;
export { factory as default, factory as dynamoDbCacheDriver };
