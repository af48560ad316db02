export * from "./types.js";
export { dynamoDbCacheDriver as default } from "./types.js";
