// The entry point for bundlers. Static references let file tracers find the addon. The URL lets them find Node's entry
// point, and locates a bundle. It is a default parameter because tracers do not see the expression that an arrow returns.
import driver from "./index.js";
import bundled from "./nitro/bundled.cjs";
const factory = bundled.near((node = new URL("./js/node.mjs", import.meta.url)) => node, driver);
export const { createTable, DynamoDbError } = driver;
export { factory as default, factory as dynamoDbCacheDriver };
