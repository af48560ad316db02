import type { Storage } from "unstorage";
import type { dynamoDbCacheDriver } from "unstorage-dynamodb";

declare function story(storage: Storage, factory: typeof dynamoDbCacheDriver): Promise<void>;
export = story;
