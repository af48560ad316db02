// The package from the perspective of a user's ES module: compiled, never run. Checked with both resolutions, see
// tsconfig.nodenext.json and tsconfig.bundler.json; an unused `@ts-expect-error` is an error.
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { createStorage as createStorageV1, type Driver as DriverV1 } from "unstorage";
import { createStorage as createStorageV2, type Driver as DriverV2 } from "unstorage-v2";
import dynamoDbCacheDriver, {
  createTable,
  type DynamoDbAttributes,
  type DynamoDbConditionalOptions,
  type DynamoDbConditions,
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
  type DynamoDbRemoveOptions,
  type DynamoDbScanOptions,
  type DynamoDbValue,
  type DynamoDbWriteResult,
  dynamoDbCacheDriver as named,
} from "unstorage-dynamodb";
import nitroModule from "unstorage-dynamodb/nitro";

/** The members of `Given` that are assignable to `Wanted`. `None` compiles only if there are none. */
type Accepted<Wanted, Given extends unknown[]> = {
  [Index in keyof Given]: Given[Index] extends Wanted ? Given[Index] : never;
}[number];
type None<T extends never> = T;

// The same function under both names, and a driver for both versions of unstorage.
const same: typeof dynamoDbCacheDriver = named;
const forV1: DriverV1 = same({ table: "cache" });
const forV2: DriverV2 = same({ table: "cache" });
void createStorageV1({ driver: forV1 });
void createStorageV2({ driver: forV2 });
void createStorageV1({ driver: dynamoDbCacheDriver({ table: "cache" }) });
void createStorageV2({ driver: dynamoDbCacheDriver({ table: "cache" }) });

// The exported names fit together.
const credentials: DynamoDbCredentials = { accessKeyId: "id", secretAccessKey: "secret" };
const provided: DynamoDbProvidedCredentials = { ...credentials, expiration: new Date() };
const provider: DynamoDbCredentialsProvider = async () => provided;
declare const fromSdk: NonNullable<DynamoDBClientConfig["credentials"]>;
const attributes: DynamoDbAttributes = { value: "content" };
const scan: DynamoDbScanOptions = { concurrency: 4 };
const table = "cache";

const options: DynamoDbDriverOptions = {
  table,
  region: "eu-west-1",
  credentials: { ...credentials, sessionToken: "token" },
  attributes: { key: "pk", value: "content", ttl: "expires", mtime: "written", etag: "etag" },
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
  nearCache: { ttl: 0.5, maxBytes: "65536", negativeTtl: 1 },
  scan: { segments: 16, concurrency: 16, pageSize: 1000 },
};
const others: (DynamoDbDriverOptions | null)[] = [
  null,
  // The table may come from the environment.
  { region: "eu-west-1" },
  { table, credentials, attributes, scan },
  { table, attributes: {} },
  { table, attributes: { ttl: "expires" } },
  { table, credentials: provider },
  { table, credentials: fromSdk },
  { table, credentials: () => ({ ...provided, expiration: "2030-01-01" }) },
  // From a configuration or the environment: text or nothing.
  { batch: "false", consistentRead: "", proxy: "true", ttl: false, expireIn: false },
  { proxy: "http://proxy:3128", maxAttempts: "3", timeout: "1000", expireIn: "60", ttl: "60" },
  { table, scan: { segments: "4", pageSize: undefined } },
  { table, region: undefined, endpoint: undefined, ttl: undefined },
  // Frozen at every level.
  { table: "cache", attributes: { key: "pk" } } as const,
  Object.freeze({ table: "cache" }),
];
dynamoDbCacheDriver();
for (const one of others) dynamoDbCacheDriver(one);

export type RefusedOptions = None<
  Accepted<
    DynamoDbDriverOptions,
    [
      { table: number },
      { region: number },
      { endpoint: URL },
      { ttl: true },
      { expireIn: { seconds: number } },
      { consistentRead: "yes" },
      { maxAttempts: boolean },
      { proxy: number },
      { nearCache: true },
      { nearCache: { maxBytes: number } },
      { credentials: { accessKeyId: string } },
      { credentials: () => Promise<{ accessKeyId: string }> },
      { credentials: string },
      { attributes: { key: number } },
      { scan: { segments: boolean } },
    ]
  >
>;
// @ts-expect-error there is no such attribute
dynamoDbCacheDriver({ table, attributes: { partition: "pk" } });
// @ts-expect-error there is no such setting of a scan
dynamoDbCacheDriver({ table, scan: { limit: 5 } });

const driver: DynamoDbDriver = dynamoDbCacheDriver(options);
const shown: DynamoDbPublicOptions = driver.options;
void shown.table;
// @ts-expect-error credentials are not shown
void shown.credentials;

// An interface has no index signature, and may be nested or optional.
interface User {
  name: string;
  nick?: string;
  address: { city: string };
  tags: readonly string[];
}
declare const user: User;
const values: DynamoDbValue[] = ["v", 1, 2n, true, null, new Uint8Array(1), new Set(["a"])];
const nested: DynamoDbValue[] = [user, { user }, new Map([["user", user]]), ["a"] as const, values];
const mixed = { list: [1, 2n, null, new Set([1])], map: new Map([["name", [true, new Set([1])]]]) };
export type RefusedValues = None<
  Accepted<
    DynamoDbValue,
    [() => void, Date, Promise<string>, symbol, Map<number, string>, RegExp, undefined]
  >
>;

// Direct calls of the methods.
async function use(): Promise<void> {
  const itemOptions: DynamoDbItemOptions = { ttl: "60" };
  const readOptions: DynamoDbReadOptions = { consistentRead: true };
  const keysOptions: DynamoDbKeysOptions = { maxDepth: 1, consistentRead: false };
  const name: string = driver.name;
  const value: string | null = await driver.getItem("k", readOptions);
  const has: boolean = await driver.hasItem("k", readOptions);
  const keys: string[] = await driver.getKeys("base:", keysOptions);
  await driver.getKeys();
  await driver.getKeys(null, null);
  // @ts-expect-error a depth is a number
  await driver.getKeys("", { maxDepth: "1" });
  // @ts-expect-error a key is text
  await driver.getItem(5);
  await driver.getItem("k", null);
  for (const one of nested) await driver.setItem("k", one, itemOptions);
  await driver.setItem("k", mixed);
  await driver.setItem("k", user);
  await driver.setItem("k", "v", { ttl: undefined });
  await driver.setItem("k", "v", { ttl: false, signal: null });
  await driver.setItems([{ key: "k", value: user, options: { ttl: 60 } }], { ttl: 1 });
  await driver.setItems([{ key: "k", value: "v", options: null }], null);
  // @ts-expect-error every item has a value
  await driver.setItems([{ key: "k" }]);
  await driver.setItemRaw("k", new DataView(new ArrayBuffer(1)));
  const found: { key: string; value: unknown }[] = await driver.getItems(["k", { key: "l" }]);
  await driver.getItems([{ key: "l", options: { consistentRead: true } }], null);
  const raw: Buffer = await driver.getItemRaw("k");
  const meta: DynamoDbMeta | null = await driver.getMeta("k", { consistentRead: "true" });
  const numbers: (number | undefined)[] = [meta?.size, meta?.ttl];
  const written: Date | undefined = meta?.mtime;
  await driver.removeItem("k");
  await driver.clear("base:");
  await driver.clear();
  const { getItem, dispose } = driver;
  await getItem("k");
  await dispose();
  void [name, value, has, keys, found, raw, numbers, written];
}
void use;

// A write with a condition returns the etag; without one it has the type of unstorage's drivers.
async function swap(): Promise<void> {
  const conditional: DynamoDbConditionalOptions = { ttl: 60, ifNoneMatch: "*" };
  const conditions: DynamoDbConditions = conditional;
  const removal: DynamoDbRemoveOptions = { ifMatch: "a", signal: null };
  const results: DynamoDbWriteResult[] = [
    await driver.setItem("k", "v", { ifMatch: "a" }),
    await driver.setItem("k", user, { ifMatch: "*", ifNoneMatch: "a", signal: null }),
    await driver.setItemRaw("k", new Uint8Array(1), conditional),
  ];
  const etags: (string | undefined)[] = results.map((result) => result?.etag);
  const meta: DynamoDbMeta | null = await driver.getMeta("k");
  etags.push(meta?.etag);
  // Either condition, or no condition at all.
  const either = meta?.etag ? { ifMatch: meta.etag } : { ifNoneMatch: "*" };
  const swapped: DynamoDbWriteResult = await driver.setItem("k", "v", { ttl: 60, ...either });
  const plain: void = await driver.setItem("k", "v", { ttl: 60 });
  await driver.removeItem("k", removal);
  await driver.removeItem("k", null);
  // @ts-expect-error an etag is text
  await driver.setItem("k", "v", { ifMatch: 1 });
  // @ts-expect-error without an etag, it would write without a condition
  await driver.setItem("k", "v", { ifMatch: meta?.etag });
  // @ts-expect-error `null` is no etag
  await driver.setItem("k", "v", { ifMatch: null });
  // @ts-expect-error a removal has only `ifMatch`
  await driver.removeItem("k", { ifNoneMatch: "*" });
  // @ts-expect-error batches take no conditions
  await driver.setItems([{ key: "k", value: "v" }], { ifMatch: "*" });
  const flag: boolean | undefined = driver.flags?.cas;
  void [conditions, etags, swapped, plain, flag];
}
void swap;

// Creates the table from the options of the driver.
async function setUp(): Promise<void> {
  const result: DynamoDbCreateTableResult = await createTable(options);
  const created: boolean = result.created;
  await createTable();
  for (const one of others) await createTable(one);
  void created;
}
void setUp;

function explain(error: unknown): string | undefined {
  if (!(error instanceof DynamoDbError)) return undefined;
  const asError: Error = error;
  const code: DynamoDbErrorCode = error.code;
  const operation: string = error.operation;
  const texts: (string | undefined)[] = [error.table, error.key, error.$metadata.requestId];
  const retryable: boolean = error.retryable;
  const numbers: (number | undefined)[] = [
    error.$metadata.httpStatusCode,
    error.$metadata.attempts,
  ];
  const cause: unknown = error.cause;
  if (error.code === "ERR_DYNAMODB_TABLE_NOT_FOUND") return "create the table";
  if (error.code === "ERR_CAS_MISMATCH") return "read it again";
  // @ts-expect-error no such code: a typing mistake shows
  if (error.code === "ERR_DYNAMODB_TABLE_MISSING") return "never";
  return [asError, code, operation, texts, retryable, numbers, cause].join();
}
void explain;
// @ts-expect-error the driver makes errors, users do not
void new DynamoDbError("made by hand");

// The Nitro module accepts what any version of Nitro passes to it.
declare const nitro: {
  options: { traceDeps?: (string | RegExp)[]; rootDir: string };
  hooks: object;
};
const module: { name: string; setup: (given: typeof nitro) => void } = nitroModule;
module.setup(nitro);
// @ts-expect-error it needs Nitro's options
nitroModule.setup({});
