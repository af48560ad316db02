// What `import` finds in Node: a file that is required needs no lexer for its exports, which Node would compile first.
import { createRequire } from "node:module";
// Elsewhere, in a bundle, `require` is the bundler's own. Loaders that reload add a query to the address.
const isHere = import.meta.url.includes("/js/node.mjs");
const driver = isHere ? createRequire(import.meta.url)("../index.js") : require("../index.js");
export const { createTable, DynamoDbError } = driver;
export { driver as default, driver as dynamoDbCacheDriver };
