const { createStorage } = require("unstorage");
const dynamoDbCacheDriver = require("unstorage-dynamodb");
const story = require("./story.cjs");

story(createStorage({ driver: dynamoDbCacheDriver({ base: "plain" }) }), dynamoDbCacheDriver);
