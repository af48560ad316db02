/** Static AWS credentials. */
export interface DynamoDbCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** The credentials that a credentials function returns. */
export interface DynamoDbProvidedCredentials extends DynamoDbCredentials {
  /**
   * When the credentials expire: a Date, an ISO 8601 string, or an epoch number in seconds or milliseconds. Without it,
   * they are used until AWS rejects them.
   */
  expiration?: Date | string | number | undefined;
}

/** A function that returns credentials: `fromIni()`, `fromNodeProviderChain()`, or your own. */
export type DynamoDbCredentialsProvider = () =>
  | DynamoDbProvidedCredentials
  | PromiseLike<DynamoDbProvidedCredentials>;

/** The names of the table's attributes. All must differ. */
export interface DynamoDbAttributes {
  /**
   * The name of the partition key, which has the type String.
   * @default "key"
   */
  key?: string | null | undefined;
  /**
   * The name of the attribute that holds the value.
   * @default "value"
   */
  value?: string | null | undefined;
  /**
   * The name of the attribute that holds the expiry in epoch seconds, a Number. Enable the table's TTL for it.
   * @default "ttl"
   */
  ttl?: string | null | undefined;
  /**
   * The name of an attribute in which every write stores its time in epoch milliseconds, a Number, for `getMeta`.
   * @default not stored
   */
  mtime?: string | null | undefined;
  /**
   * The attribute that marks compressed values. Rename it if other code uses an attribute of this name.
   * @default "enc"
   */
  encoding?: string | null | undefined;
  /**
   * The name of an attribute in which every write stores a random etag, for `getMeta`, `ifMatch` and `ifNoneMatch`.
   * @default not stored
   */
  etag?: string | null | undefined;
}

/** How values that do not fit one item are stored. */
export interface DynamoDbLargeValues {
  /**
   * The largest value in bytes, before compression: 409,600 to 16,777,216.
   * @default 8388608, which is 8 MiB
   */
  maxSize?: number | string | null | undefined;
}

/** How `getKeys` and `clear` scan the table. Values are integers or numeric strings. */
export interface DynamoDbScanOptions {
  /**
   * The number of segments into which a table of more than one page (1 MB) is divided, 1 to 1,000. With 1, pages are
   * read one after another.
   * @default 16
   */
  segments?: number | string | null | undefined;
  /**
   * The maximum number of pages in flight, 1 to 64. A scan starts with 1, goes up to 4 and 16 while nothing is
   * throttled, and halves the number at each throttle.
   * @default 16
   */
  concurrency?: number | string | null | undefined;
  /**
   * The maximum number of rows read per page, including those that are filtered out: 1 or more.
   * @default no limit except DynamoDB's 1 MB per page
   */
  pageSize?: number | string | null | undefined;
}

/** When calls fail at once because the table does not answer. Values are integers or numeric strings. */
export interface DynamoDbCircuitBreaker {
  /**
   * The number of consecutive requests that must time out or fail to connect, 1 to 1,000.
   * @default 5
   */
  failures?: number | string | null | undefined;
  /**
   * The time in milliseconds until a request is let through as a probe, 1 to 86,400,000.
   * @default 5000
   */
  cooldown?: number | string | null | undefined;
}

/** How values that were read are kept in the process. Values are numbers or numeric strings. */
export interface DynamoDbNearCache {
  /**
   * How long a value is kept, in seconds, above 0 to 86,400; fractions are allowed. Reads see the writes of other
   * processes after this time at the latest.
   */
  ttl: number | string;
  /**
   * The most memory that the entries take, in bytes, 65,536 to 2^30. A value that takes more than an eighth of it is not
   * kept.
   * @default 33554432 (32 MiB)
   */
  maxBytes?: number | string | null | undefined;
  /**
   * How long it is kept that an item is missing, in seconds, 0 to 86,400. 0: not at all.
   * @default 0
   */
  negativeTtl?: number | string | null | undefined;
}

/** A boolean, or a string as in configuration files. An empty string counts as absent. */
export type DynamoDbFlag = boolean | "true" | "false" | "";

/**
 * Options of the driver. `null`, `undefined` and an empty string count as absent. The first call of a method validates
 * them; the factory does not.
 */
export interface DynamoDbDriverOptions {
  /**
   * The table's name, 3 to 255 characters of `a-z A-Z 0-9 _ . -`, or its ARN, which also sets the region.
   * @default the environment variable `UNSTORAGE_DYNAMODB_TABLE`, read by the first call
   */
  table?: string | null | undefined;
  /**
   * The AWS region, such as `"eu-west-1"`.
   * @default the region in the table's ARN, else `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's region
   */
  region?: string | null | undefined;
  /**
   * The profile in the shared config files from which region, endpoint and credentials are read. Its credentials take
   * precedence over those in the environment.
   * @default `AWS_PROFILE`, else `"default"`
   */
  profile?: string | null | undefined;
  /**
   * Static credentials, or a function that returns them. The function is called once for all waiting requests, again
   * in the background shortly before the credentials expire, and when AWS rejects them.
   * @default the AWS default chain: environment, shared config and SSO, process, web identity, ECS, EC2
   */
  credentials?: DynamoDbCredentials | DynamoDbCredentialsProvider | null | undefined;
  /**
   * The names of the table's attributes. Each can be set separately.
   * @default `{ key: "key", value: "value", ttl: "ttl", encoding: "enc" }`
   */
  attributes?: DynamoDbAttributes | null | undefined;
  /**
   * The default time to live in seconds, for items that are written without a `ttl`. 0 or `false`: they never expire.
   * @default 0
   */
  expireIn?: number | string | false | null | undefined;
  /**
   * Another name for `expireIn`. If both are given, they must be equal.
   * @default 0
   */
  ttl?: number | string | false | null | undefined;
  /**
   * The endpoint to use instead of AWS: an `http:` or `https:` URL.
   * @default `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`, the profile's `endpoint_url`, else AWS
   */
  endpoint?: string | null | undefined;
  /**
   * A prefix of every key in the table, so that several apps or mounts can share the table. At most 1,024 bytes,
   * including the `:` that separates it. `"app/cache/"` is the same as `"app:cache"`, as in unstorage's own drivers.
   * @default none
   */
  base?: string | null | undefined;
  /**
   * Whether BatchGetItem and BatchWriteItem may be used. It need not be `false` for a role without these permissions:
   * the driver then falls back to single requests by itself.
   * @default true
   */
  batch?: DynamoDbFlag | null | undefined;
  /**
   * Whether concurrent calls of `getItem`, `getItemRaw`, `hasItem` and `getMeta` for one key share a request. Reads with
   * `consistentRead` never do, and a read that begins after this driver has written the key does not join an earlier
   * request.
   * @default true
   */
  coalesce?: DynamoDbFlag | null | undefined;
  /**
   * Whether reads see every write that was acknowledged before them, at twice the read units. Use it for sessions.
   * @default false
   */
  consistentRead?: DynamoDbFlag | null | undefined;
  /**
   * `"gzip"` compresses text and bytes when that saves a write unit. Compressed values are read regardless of this option;
   * enable it once every reader of the table is a version that reads them.
   * @default false
   */
  compression?: false | "gzip" | "false" | "" | null | undefined;
  /**
   * An object lets text and bytes be larger than an item of DynamoDB (400 KB): they are stored in several items. Such values
   * are read regardless of this option; enable it once every reader of the table is a version that reads them.
   * @default false
   */
  largeValues?: DynamoDbLargeValues | false | "false" | "" | null | undefined;
  /**
   * How often a request is sent before it fails, including the first attempt: 1 to 10.
   * @default 4, as in the AWS SDKs for DynamoDB
   */
  maxAttempts?: number | string | null | undefined;
  /**
   * The timeout in milliseconds for setting up a connection: TCP, proxy and TLS. 0: no limit.
   * @default 3100, as in the AWS SDKs
   */
  connectTimeout?: number | string | null | undefined;
  /**
   * The longest time in milliseconds for which an attempt may move no byte in either direction. A write that was sent
   * completely is awaited until `timeout`. 0: no limit.
   * @default 5000
   */
  attemptTimeout?: number | string | null | undefined;
  /**
   * The timeout in milliseconds of a single-item call, including all attempts and the wait for credentials and a
   * connection. For `getItems` and `setItems`, the longest time in which no item was read or written. For `getKeys` and
   * `clear`, the longest time without an answer. 0: no limit.
   * @default 15000 (60000 for `getKeys` and `clear`)
   */
  timeout?: number | string | null | undefined;
  /**
   * A circuit breaker. After `failures` consecutive requests that timed out or failed to connect, calls fail at once
   * with `ERR_DYNAMODB_CIRCUIT_OPEN`. After `cooldown` milliseconds, one call at a time is let through until one is
   * answered. `{}` and `true` mean 5 failures and 5,000 ms.
   * @default false
   */
  circuitBreaker?: DynamoDbCircuitBreaker | DynamoDbFlag | null | undefined;
  /**
   * Keeps text and bytes that were read in the process, so that further reads of them send no request. Writes of this
   * driver take effect at once, those of other processes after `ttl` seconds at the latest.
   * @default false
   */
  nearCache?: DynamoDbNearCache | false | "false" | "" | null | undefined;
  /**
   * The maximum number of requests in flight and of connections to the endpoint: 1 to 1,000, but at most half of the
   * files that the process may still open. Further calls wait.
   * @default 50, as in the JavaScript SDK
   */
  maxConnections?: number | string | null | undefined;
  /**
   * Words appended to the `user-agent` header, each `name` or `name/version`, such as `"shop/1.2"`. At most 256 bytes.
   * @default none
   */
  userAgent?: string | null | undefined;
  /**
   * The proxy. `true` uses `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; a URL is used for every request. User information
   * in the URL is sent to the proxy and never shown.
   * @default false, as in the JavaScript SDK
   */
  proxy?: boolean | string | null | undefined;
  /**
   * How `getKeys` and `clear` scan the table.
   * @default `{ segments: 16, concurrency: 16 }`
   */
  scan?: DynamoDbScanOptions | null | undefined;
  /**
   * The name of a key index: a global secondary index with the table's own partition key that projects the attribute
   * named by `attributes.ttl`. `getKeys` scans it instead of the table, eventually consistent and for a fraction of the
   * read units. Each write that adds or removes a key, or changes its expiry, costs one more write unit. `createTable`
   * creates the index.
   * @default none
   */
  index?: string | null | undefined;
}

/** The options in `driver.options`: all but the credentials. */
export type DynamoDbPublicOptions = Omit<DynamoDbDriverOptions, "credentials">;

/** Options of all methods that take options. */
export interface DynamoDbCallOptions {
  /** Aborts the call, which rejects with an `AbortError`. An aborted write may or may not have been applied. */
  signal?: AbortSignal | null | undefined;
}

/** The conditions of `setItem` and `setItemRaw`. If both are given, both must be met. */
export interface DynamoDbConditions {
  /**
   * Writes only if there is a live item (`"*"`), or one with this etag; else rejects with `ERR_CAS_MISMATCH`. Etags require
   * the option `attributes.etag`.
   */
  ifMatch?: string | undefined;
  /** Writes only if there is no live item (`"*"`), or none with this etag; else rejects with `ERR_CAS_MISMATCH`. */
  ifNoneMatch?: string | undefined;
}

/** Options of a conditional `setItem` or `setItemRaw`. */
export type DynamoDbConditionalOptions = DynamoDbItemOptions &
  DynamoDbConditions &
  ({ ifMatch: string } | { ifNoneMatch: string });

/** The result of `setItem` and `setItemRaw`: the item's etag, or `undefined` without `attributes.etag`. */
export type DynamoDbWriteResult = { etag: string } | undefined;

/** Options of `removeItem`. */
export interface DynamoDbRemoveOptions extends DynamoDbCallOptions {
  /**
   * Removes only a live item (`"*"`), or one with this etag; else rejects with `ERR_CAS_MISMATCH`. Etags require the option
   * `attributes.etag`.
   */
  ifMatch?: string | undefined;
}

/** Options of `setItems`, for all items or for one. */
export interface DynamoDbItemOptions extends DynamoDbCallOptions {
  /**
   * The time to live in seconds. 0 or `false`: the item never expires.
   * @default the driver's `expireIn`
   */
  ttl?: number | string | false | null | undefined;
}

/** Options of the methods that read items. */
export interface DynamoDbReadOptions extends DynamoDbCallOptions {
  /**
   * Whether to see every write that was acknowledged before, at twice the read units.
   * @default the driver's `consistentRead`
   */
  consistentRead?: DynamoDbFlag | null | undefined;
}

/** Options of `getKeys`. */
export interface DynamoDbKeysOptions extends DynamoDbReadOptions {
  /** Leaves out keys with more than this many `:`. */
  maxDepth?: number | undefined;
}

/**
 * A plain object, including one typed by an interface. Its properties are checked when it is stored; this type only
 * excludes other objects, such as functions, Dates and Promises.
 */
export type DynamoDbRecord = object & {
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.match]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.toStringTag]?: never;
};

/** A value that can be stored in a table. */
export type DynamoDbValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | readonly DynamoDbValue[]
  | ReadonlySet<string>
  | ReadonlySet<number>
  | ReadonlySet<bigint>
  | ReadonlySet<Uint8Array>
  | ReadonlyMap<string, DynamoDbValue>
  | { readonly [name: string]: DynamoDbValue }
  | DynamoDbRecord;

/** The metadata of an item. */
export interface DynamoDbMeta {
  /** The seconds until the item expires, rounded up. Absent if it never expires. */
  ttl?: number;
  /** The size of the value in bytes, before compression. */
  size: number;
  /** The time of the last write, if `attributes.mtime` is set and the item has that attribute. */
  mtime?: Date;
  /** The etag, if `attributes.etag` is set and the item has that attribute. */
  etag?: string;
  [name: string]: number | string | Date | undefined;
}

/** Counters since the driver was created. All of them only grow, except `inFlight`. */
export interface DynamoDbCounts {
  /** Requests sent, including retries. */
  requests: number;
  /** Requests sent because an earlier one failed. */
  retries: number;
  /** Requests that were throttled. */
  throttles: number;
  /** Calls that failed or were aborted. */
  errors: number;
  /** Rows that DynamoDB returned; for `getKeys` and `clear`, keys. */
  itemsRead: number;
  /** Rows written or deleted. */
  itemsWritten: number;
  /** Bytes of request bodies, including retries. */
  bytesSent: number;
  /** Bytes of response bodies. */
  bytesReceived: number;
  /**
   * Read request units that DynamoDB reported, in steps of 0.5. With provisioned capacity: read capacity units. Failed
   * requests report none.
   */
  readUnits: number;
  /**
   * Write request units that DynamoDB reported, including those of an index. With provisioned capacity: write capacity
   * units.
   */
  writeUnits: number;
  /** Reads that shared the request of another read of the same key (`coalesce`). */
  coalesced: number;
  /** Calls that have not settled yet. */
  inFlight: number;
}

/** The counters, in total and per method. */
export interface DynamoDbStats extends DynamoDbCounts {
  /** The counters of each method of the driver that has been called, by its name. */
  operations: { [method: string]: DynamoDbCounts };
  /** Present with the option `nearCache`. */
  nearCache?: DynamoDbNearCacheStats;
}

/** The counters of the near cache. Reads that it answers are not counted elsewhere. */
export interface DynamoDbNearCacheStats {
  /** Keys that were answered from the cache. */
  hits: number;
  /** Keys that were not, although the call allowed it. */
  misses: number;
  /** Entries that are kept, including those whose time is over until they are read or displaced. */
  entries: number;
  /** The memory of these entries, an estimate that is rather too high. */
  bytes: number;
}

/** The native store behind a driver, returned by `getInstance()`. */
export interface DynamoDbStore {
  /** Returns the counters since the driver was created, also after `dispose`. Sends nothing. */
  stats(): DynamoDbStats;
  /**
   * Removes the parts of large values (`largeValues`) that interrupted writes have left under the driver's base and that are
   * older than an hour. Reads all keys, as `getKeys` does, and one item per large value.
   */
  sweep(options?: DynamoDbCallOptions | null): Promise<{ removed: number }>;
}

/**
 * The object that the TracingChannel `unstorage-dynamodb:request` publishes for a call of a method. Its properties are set
 * as they become known: docs/guide/tracing.md.
 */
export interface DynamoDbTrace {
  /** The driver's method. */
  operation: string;
  table: string;
  /** The number of keys. Absent for `getKeys` and `clear`. */
  keys?: number;
  region?: string;
  /** The host of the endpoint. */
  serverAddress?: string;
  /** Absent if it is the default port of the scheme. */
  serverPort?: number;
  /** Requests sent, including retries; 0 if the call shared the request of another call. */
  attempts?: number;
  throttles?: number;
  readUnits?: number;
  writeUnits?: number;
  bytesSent?: number;
  bytesReceived?: number;
  /** AWS's id of the last request that succeeded. */
  requestId?: string;
  /** Whether the call shared the request of another call. */
  coalesced?: boolean;
  error?: { name: string; code: DynamoDbErrorCode; retryable: boolean };
}

/**
 * The driver, assignable to `Driver` of unstorage 1.x and 2.x. Every method works detached from the object. Every error
 * is a `DynamoDbError`.
 */
export interface DynamoDbDriver {
  name: "aws-dynamodb";
  options: DynamoDbPublicOptions;
  /** Present if `attributes.etag` is set: unstorage may pass `ifMatch` and `ifNoneMatch`. */
  flags?: { maxDepth?: boolean; ttl?: boolean; cas?: boolean };
  /** Returns whether a live item with a value exists. Costs as much as `getItem`. */
  hasItem(key: string, options?: DynamoDbReadOptions | null): Promise<boolean>;
  /** Returns the value of the key, or `null` if there is no live item. Values that unstorage stored are text. */
  getItem(key: string, options?: DynamoDbReadOptions | null): Promise<any>;
  /** Returns the values of several keys: one entry per requested item, in the same order. */
  getItems(
    items: readonly (string | { key: string; options?: DynamoDbReadOptions | null | undefined })[],
    common?: DynamoDbReadOptions | null,
  ): Promise<{ key: string; value: any }[]>;
  /** Returns bytes as a `Buffer`, and decodes unstorage's `base64:` text. Anything else is returned as by `getItem`. */
  getItemRaw(key: string, options?: DynamoDbReadOptions | null): Promise<any>;
  /** Returns the size, remaining time and last write of an item, or `null` if `getItem` would return `null`. */
  getMeta(key: string, options?: DynamoDbReadOptions | null): Promise<DynamoDbMeta | null>;
  /**
   * Stores a value under the key and replaces the whole row, if the conditions are met. With `attributes.etag`, it resolves
   * with `{ etag }` (also without conditions; typed as unstorage's `void`).
   */
  setItem(
    key: string,
    value: DynamoDbValue,
    options: DynamoDbConditionalOptions,
  ): Promise<DynamoDbWriteResult>;
  setItem(key: string, value: DynamoDbValue, options?: DynamoDbItemOptions | null): Promise<void>;
  /**
   * Stores several values. An item's `ttl` overrides the common one. If it rejects, `error.keys` lists the keys that are
   * not known to be written.
   */
  setItems(
    items: readonly {
      key: string;
      value: DynamoDbValue;
      options?: DynamoDbItemOptions | null | undefined;
    }[],
    common?: DynamoDbItemOptions | null,
  ): Promise<void>;
  /**
   * Stores bytes as bytes, strings as text, and anything else as its JSON text. Rejects objects whose JSON would be
   * empty, such as a Map, a Response, or a class instance without `toJSON`.
   */
  setItemRaw(
    key: string,
    value: unknown,
    options: DynamoDbConditionalOptions,
  ): Promise<DynamoDbWriteResult>;
  setItemRaw(key: string, value: unknown, options?: DynamoDbItemOptions | null): Promise<void>;
  /** Removes the row. Without `ifMatch`, removing a missing row is not an error. */
  removeItem(key: string, options?: DynamoDbRemoveOptions | null): Promise<void>;
  /** Returns every live key under `base`. The result is complete; otherwise the call rejects. */
  getKeys(base?: string | null, options?: DynamoDbKeysOptions | null): Promise<string[]>;
  /** Removes every row under `base` and nothing else. */
  clear(base?: string | null, options?: DynamoDbCallOptions | null): Promise<void>;
  /**
   * Returns the native store, for its `stats()`: the same object each time. Like the first call of any other method, it
   * validates the options and loads the addon; it throws if that fails. It opens no connection.
   */
  getInstance(): DynamoDbStore;
  /** Waits for requests that were already sent, then closes the connections. Later calls reject. */
  dispose(): Promise<void>;
}

/** The result of `createTable`. */
export interface DynamoDbCreateTableResult {
  /** Whether this call created the table. `false` if it existed, or a concurrent call created it. */
  created: boolean;
  /**
   * Whether the index named by the option `index` can be read. `false` while DynamoDB adds it to an existing table.
   * Absent without the option.
   */
  indexReady?: boolean;
}

/** The stable code of an error, see docs/ERRORS.md. */
export type DynamoDbErrorCode =
  | "ERR_DYNAMODB_INVALID_OPTION"
  | "ERR_DYNAMODB_INVALID_KEY"
  | "ERR_DYNAMODB_INVALID_VALUE"
  | "ERR_DYNAMODB_INVALID_ARGUMENT"
  | "ERR_DYNAMODB_ITEM_TOO_LARGE"
  | "ERR_DYNAMODB_NO_REGION"
  | "ERR_DYNAMODB_CREDENTIALS"
  | "ERR_DYNAMODB_ACCESS_DENIED"
  | "ERR_DYNAMODB_TABLE_NOT_FOUND"
  | "ERR_DYNAMODB_SCHEMA_MISMATCH"
  | "ERR_DYNAMODB_TABLE_UNAVAILABLE"
  | "ERR_DYNAMODB_VALIDATION"
  | "ERR_DYNAMODB_THROTTLED"
  | "ERR_DYNAMODB_QUEUE_FULL"
  | "ERR_DYNAMODB_CIRCUIT_OPEN"
  | "ERR_DYNAMODB_TIMEOUT"
  | "ERR_DYNAMODB_CONNECTION"
  | "ERR_DYNAMODB_SERVICE"
  | "ERR_CAS_MISMATCH"
  | "ERR_CAS_UNSUPPORTED"
  | "ERR_DYNAMODB_OUTCOME_UNKNOWN"
  | "ERR_DYNAMODB_FORMAT"
  | "ERR_DYNAMODB_RESPONSE"
  | "ERR_DYNAMODB_CLOSED"
  | "ERR_DYNAMODB_ABORTED"
  | "ERR_DYNAMODB_BINDING"
  | "ERR_DYNAMODB_INTERNAL";

/** The class of all errors of the driver. Only the driver creates instances. */
export declare class DynamoDbError extends Error {
  private constructor();
  /**
   * AWS's error name if AWS answered, else `TimeoutError`, `ConnectionError`, `AbortError`, `ClosedError` or
   * `DynamoDbError`.
   */
  readonly name: string;
  /** The code to compare. It does not change within a major version. */
  readonly code: DynamoDbErrorCode;
  /** The driver's method, or `createTable`. */
  readonly operation: string;
  /** The table, if known. */
  readonly table: string | undefined;
  /** The key, if the error concerns a single key. */
  readonly key?: string;
  /** For `setItems`: every key that is not known to be written. */
  readonly keys?: readonly string[];
  /** Whether the same call may succeed if it is repeated later. */
  readonly retryable: boolean;
  readonly $metadata: {
    readonly httpStatusCode: number | undefined;
    readonly requestId: string | undefined;
    /** How often the request was sent; 0 if it was not. */
    readonly attempts: number;
  };
}

/**
 * Creates an unstorage driver that stores its items in a DynamoDB table.
 *
 * The factory opens no connection and never throws; the first call of a method validates the options and connects.
 */
export declare function dynamoDbCacheDriver(options?: DynamoDbDriverOptions | null): DynamoDbDriver;

/**
 * Creates the table that a driver with these options expects, if it does not exist: on-demand capacity, a String
 * partition key named by `attributes.key`, TTL enabled for `attributes.ttl`, and the key index named by `index`, if any.
 * Resolves when the table can be used.
 *
 * An existing table of this shape is left unchanged, except that TTL is enabled if it is off. If an existing table has a
 * different shape, the call rejects and the error names the difference; nothing is changed. It can be called at every
 * start, by several processes at once.
 *
 * Requires permission for DescribeTable and DescribeTimeToLive, and for CreateTable and UpdateTimeToLive if there is
 * something to do.
 */
export declare function createTable(
  options?: DynamoDbDriverOptions | null,
): Promise<DynamoDbCreateTableResult>;
