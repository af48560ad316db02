// How a user's ES module sees the package: compiled, never run. Checked with both resolutions, see
// tsconfig.nodenext.json and tsconfig.bundler.json; `@ts-expect-error` fails where there is none.
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { createStorage as createStorageV1, type Driver as DriverV1 } from "unstorage";
import { createStorage as createStorageV2, type Driver as DriverV2 } from "unstorage-v2";
import dynamoDbCacheDriver, {
  createTable,
  type DynamoDbAttributes,
  type DynamoDbCreateTableResult,
  type DynamoDbCredentials,
  type DynamoDbCredentialsProvider,
  type DynamoDbDriver,
  type DynamoDbDriverOptions,
  DynamoDbError,
  type DynamoDbErrorCode,
  type DynamoDbItemOptions,
  type DynamoDbKeysOptions,
  type DynamoDbProvidedCredentials,
  type DynamoDbMeta,
  type DynamoDbPublicOptions,
  type DynamoDbReadOptions,
  type DynamoDbScanOptions,
  type DynamoDbValue,
  dynamoDbCacheDriver as named,
} from "unstorage-dynamodb";
import nitroModule from "unstorage-dynamodb/nitro";

// One function under both names.
const same: typeof dynamoDbCacheDriver = named;
void same;

// A driver for both versions of unstorage.
const forV1: DriverV1 = dynamoDbCacheDriver({ table: "cache" });
const forV2: DriverV2 = dynamoDbCacheDriver({ table: "cache" });
void createStorageV1({ driver: forV1 });
void createStorageV2({ driver: forV2 });
void createStorageV1({ driver: dynamoDbCacheDriver({ table: "cache" }) });
void createStorageV2({ driver: dynamoDbCacheDriver({ table: "cache" }) });

// Every option.
const everything = dynamoDbCacheDriver({
  table: "cache",
  region: "eu-west-1",
  credentials: { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" },
  attributes: { key: "pk", value: "content", ttl: "expires", mtime: "written" },
  base: "app",
  batch: false,
  expireIn: 60,
  ttl: 60,
  endpoint: "http://localhost:8000",
  consistentRead: true,
  profile: "shop",
  maxAttempts: 3,
  connectTimeout: 1000,
  attemptTimeout: 2000,
  timeout: 0,
  maxConnections: 10,
  userAgent: "shop/1.2",
  proxy: true,
  scan: { segments: 16, concurrency: 16, pageSize: 1000 },
});
dynamoDbCacheDriver({ proxy: "http://proxy:3128", maxAttempts: "3", timeout: "1000" });
// The table may come from the environment.
dynamoDbCacheDriver();
dynamoDbCacheDriver({});
dynamoDbCacheDriver(null);
// From a configuration.
dynamoDbCacheDriver({
  batch: "false",
  consistentRead: "",
  proxy: "true",
  ttl: false,
  expireIn: false,
});
dynamoDbCacheDriver({ table: "cache", attributes: {} });
dynamoDbCacheDriver({ table: "cache", attributes: { ttl: "expires" } });
dynamoDbCacheDriver({ table: "cache", credentials: { accessKeyId: "id", secretAccessKey: "s" } });
// A function that gives credentials, the JavaScript SDK's own included.
const provided: DynamoDbProvidedCredentials = {
  accessKeyId: "id",
  secretAccessKey: "s",
  expiration: new Date(),
};
const provider: DynamoDbCredentialsProvider = async () => provided;
declare const fromSdk: NonNullable<DynamoDBClientConfig["credentials"]>;
dynamoDbCacheDriver({ table: "cache", credentials: provider });
dynamoDbCacheDriver({ table: "cache", credentials: fromSdk });
dynamoDbCacheDriver({
  table: "cache",
  credentials: () => ({ ...provided, expiration: "2030-01-01" }),
});
// From the environment: text, or nothing.
dynamoDbCacheDriver({ table: "cache", expireIn: "60", ttl: "60" });
dynamoDbCacheDriver({ table: "cache", scan: { segments: "4", pageSize: undefined } });
dynamoDbCacheDriver({ table: "cache", region: undefined, endpoint: undefined, ttl: undefined });
// Frozen at every level.
const frozen = { table: "cache", attributes: { key: "pk" } } as const;
dynamoDbCacheDriver(frozen);
dynamoDbCacheDriver(Object.freeze({ table: "cache" }));

// The exported names fit together.
const credentials: DynamoDbCredentials = { accessKeyId: "id", secretAccessKey: "secret" };
const attributes: DynamoDbAttributes = { value: "content" };
const scan: DynamoDbScanOptions = { concurrency: 4 };
const options: DynamoDbDriverOptions = { table: "cache", credentials, attributes, scan };
const driver: DynamoDbDriver = dynamoDbCacheDriver(options);
const shown: DynamoDbPublicOptions = driver.options;
const itemOptions: DynamoDbItemOptions = { ttl: "60" };
const readOptions: DynamoDbReadOptions = { consistentRead: true };
const keysOptions: DynamoDbKeysOptions = { maxDepth: 1, consistentRead: false };
void driver.setItem("k", "v", itemOptions);
void driver.getItem("k", readOptions);
void driver.hasItem("k", readOptions);
void driver.getKeys("base", keysOptions);
void shown.table;

// The methods, as they are called directly.
async function use(): Promise<void> {
  const name: string = everything.name;
  const value: string | null = await everything.getItem("k");
  const has: boolean = await everything.hasItem("k");
  const keys: string[] = await everything.getKeys("base:", { maxDepth: 1 });
  await everything.getKeys();
  await everything.setItem("k", "v");
  await everything.setItem("k", "v", { ttl: 60 });
  await everything.setItem("k", "v", { ttl: undefined });
  await everything.setItem("k", { list: [1, 2n, null, new Set(["a"])], bytes: new Uint8Array(1) });
  await everything.setItem("k", new Map([["name", [true, new Set([1])]]]));
  await everything.setItems([{ key: "k", value: "v", options: { ttl: 60 } }], { ttl: 1 });
  await everything.setItemRaw("k", new DataView(new ArrayBuffer(1)));
  // An interface has no index signature, and may be nested or optional.
  interface Address {
    city: string;
  }
  interface User {
    name: string;
    nick?: string;
    address: Address;
    tags: readonly string[];
  }
  const user: User = { name: "n", address: { city: "c" }, tags: [] };
  const values: DynamoDbValue[] = [
    user,
    [user],
    { user },
    new Map([["user", user]]),
    ["a"] as const,
  ];
  await everything.setItem("k", user);
  await everything.setItems([{ key: "k", value: user, options: null }], null);
  await everything.setItem("k", "v", { ttl: false, signal: null });
  await everything.getItem("k", null);
  await everything.getItems(["k", { key: "l", options: { consistentRead: true } }], null);
  await everything.getMeta("k", { consistentRead: "true" });
  await everything.getKeys(null, null);
  void values;
  const found: { key: string; value: unknown }[] = await everything.getItems(["k", { key: "l" }]);
  const raw: Buffer = await everything.getItemRaw("k");
  const meta: DynamoDbMeta | null = await everything.getMeta("k");
  const size: number | undefined = meta?.size;
  const left: number | undefined = meta?.ttl;
  const written: Date | undefined = meta?.mtime;
  void [found, raw, size, left, written];
  await everything.removeItem("k");
  await everything.clear("base:");
  await everything.clear();
  await everything.dispose();
  const { getItem, dispose } = everything;
  await getItem("k");
  await dispose();
  void [name, value, has, keys];
}
void use;

// The table, from the options of the driver.
async function setUp(): Promise<void> {
  const result: DynamoDbCreateTableResult = await createTable(options);
  const created: boolean = result.created;
  await createTable({ table: "cache" });
  await createTable();
  await createTable(null);
  void created;
}
void setUp;

// Errors.
function explain(error: unknown): string | undefined {
  if (!(error instanceof DynamoDbError)) return undefined;
  const asError: Error = error;
  const code: DynamoDbErrorCode = error.code;
  const operation: string = error.operation;
  const table: string | undefined = error.table;
  const key: string | undefined = error.key;
  const retryable: boolean = error.retryable;
  const status: number | undefined = error.$metadata.httpStatusCode;
  const request: string | undefined = error.$metadata.requestId;
  const attempts: number | undefined = error.$metadata.attempts;
  const cause: unknown = error.cause;
  if (error.code === "ERR_DYNAMODB_TABLE_NOT_FOUND") return "create the table";
  // @ts-expect-error no such code: a typing mistake shows
  if (error.code === "ERR_DYNAMODB_TABLE_MISSING") return "never";
  return [asError, code, operation, table, key, retryable, status, request, attempts, cause].join();
}
void explain;

// What is wrong is an error before it runs.
// @ts-expect-error a table is text
dynamoDbCacheDriver({ table: 5 });
// @ts-expect-error a region is text
dynamoDbCacheDriver({ table: "cache", region: 5 });
// @ts-expect-error an endpoint is text
dynamoDbCacheDriver({ table: "cache", endpoint: new URL("http://localhost") });
// @ts-expect-error a time to live is a number of seconds
dynamoDbCacheDriver({ table: "cache", ttl: true });
// @ts-expect-error a time to live is a number of seconds
dynamoDbCacheDriver({ table: "cache", expireIn: { seconds: 60 } });
// @ts-expect-error a flag is a boolean
dynamoDbCacheDriver({ table: "cache", consistentRead: "yes" });
// @ts-expect-error a number of attempts is a number
dynamoDbCacheDriver({ table: "cache", maxAttempts: true });
// @ts-expect-error a proxy is a boolean or text
dynamoDbCacheDriver({ table: "cache", proxy: 3128 });
// @ts-expect-error credentials need a secret
dynamoDbCacheDriver({ table: "cache", credentials: { accessKeyId: "id" } });
// @ts-expect-error a function gives credentials
dynamoDbCacheDriver({ table: "cache", credentials: async () => ({ accessKeyId: "id" }) });
// @ts-expect-error credentials are an object
dynamoDbCacheDriver({ table: "cache", credentials: "id:secret" });
// @ts-expect-error an attribute's name is text
dynamoDbCacheDriver({ table: "cache", attributes: { key: 5 } });
// @ts-expect-error there is no such attribute
dynamoDbCacheDriver({ table: "cache", attributes: { partition: "pk" } });
void createTable({ region: "eu-west-1" }); // the table may come from the environment
// @ts-expect-error a value is what a table can hold
void everything.setItem("k", () => {});
// @ts-expect-error a Date is no value
void everything.setItem("k", new Date());
// @ts-expect-error nor is a Promise
void everything.setItem("k", Promise.resolve("v"));
// @ts-expect-error nor is a symbol
void everything.setItem("k", Symbol("v"));
// @ts-expect-error nor is a Map with other keys
void everything.setItem("k", new Map([[1, "v"]]));
// @ts-expect-error nor is a RegExp
void everything.setItem("k", /v/);
// @ts-expect-error nothing is no value
void everything.setItem("k", undefined);
// @ts-expect-error every item has a value
void everything.setItems([{ key: "k" }]);
// @ts-expect-error a number of segments is a number
dynamoDbCacheDriver({ table: "cache", scan: { segments: true } });
// @ts-expect-error there is no such setting of a scan
dynamoDbCacheDriver({ table: "cache", scan: { limit: 5 } });
// @ts-expect-error a key is text
void everything.getItem(5);
// @ts-expect-error credentials are not shown
void shown.credentials;
// @ts-expect-error the driver makes errors, users do not
void new DynamoDbError("made by hand");
// @ts-expect-error a depth is a number
void everything.getKeys("", { maxDepth: "1" });

// The Nitro module takes what Nitro hands it, of whichever version.
declare const nitro: {
  options: { traceDeps?: (string | RegExp)[]; rootDir: string };
  hooks: object;
};
const module: { name: string; setup: (given: typeof nitro) => void } = nitroModule;
module.setup(nitro);
// @ts-expect-error it needs Nitro's options
nitroModule.setup({});
