import { createStorage, type Storage } from "unstorage";
import dynamoDbCacheDriver, { type DynamoDbDriverOptions } from "unstorage-dynamodb";
import story from "./story.cjs";

const options: DynamoDbDriverOptions = { base: "plain" };
const storage: Storage = createStorage({ driver: dynamoDbCacheDriver(options) });
await story(storage, dynamoDbCacheDriver);
