import { createStorage } from "unstorage";
import dynamoDbCacheDriver from "unstorage-dynamodb";
import story from "./story.cjs";

await story(createStorage({ driver: dynamoDbCacheDriver({ base: "plain" }) }), dynamoDbCacheDriver);
