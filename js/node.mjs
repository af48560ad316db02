// The entry point for `import` in Node. Using `require` saves Node from compiling its lexer for CommonJS exports.
import { createRequire } from "node:module";
// In a bundle, `require` is provided by the bundler. The check allows for the query that reloading loaders append.
const isHere = import.meta.url.includes("/js/node.mjs");
const driver = isHere ? createRequire(import.meta.url)("../index.js") : require("../index.js");
export const { createTable, DynamoDbError } = driver;
export { driver as default, driver as dynamoDbCacheDriver };
