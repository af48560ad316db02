// The same in CommonJS: `require` returns the factory, with the other exports as its properties.
import dynamoDbCacheDriver = require("unstorage-dynamodb");
import nitroModule = require("unstorage-dynamodb/nitro");
import { createStorage, type Driver } from "unstorage";

const driver: Driver = dynamoDbCacheDriver({ table: "cache" });
void createStorage({ driver });

const asDefault: Driver = dynamoDbCacheDriver.default({ table: "cache" });
const asNamed: Driver = dynamoDbCacheDriver.dynamoDbCacheDriver({ table: "cache" });
void [asDefault, asNamed];

const made: Promise<dynamoDbCacheDriver.DynamoDbCreateTableResult> =
  dynamoDbCacheDriver.createTable({
    table: "cache",
  });
void made;

function explain(error: unknown): string | undefined {
  return error instanceof dynamoDbCacheDriver.DynamoDbError ? error.code : undefined;
}
void explain;

// @ts-expect-error a table is text
void dynamoDbCacheDriver({ table: 5 });
// @ts-expect-error a table is text
dynamoDbCacheDriver.default({ table: 5 });

nitroModule.setup({ options: {} });
