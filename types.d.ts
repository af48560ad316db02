/** Static AWS credentials. */
export interface DynamoDbCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** What a credentials function gives. */
export interface DynamoDbProvidedCredentials extends DynamoDbCredentials {
  /** When they expire: a Date, an ISO 8601 text or an epoch number. Absent: when AWS says so. */
  expiration?: Date | string | number | undefined;
}

/** Gives credentials: `fromIni()`, `fromNodeProviderChain()`, or a function of your own. */
export type DynamoDbCredentialsProvider = () =>
  | DynamoDbProvidedCredentials
  | PromiseLike<DynamoDbProvidedCredentials>;

/** Names of the table's attributes. All must differ. */
export interface DynamoDbAttributes {
  /**
   * The table's partition key, a String.
   * @default "key"
   */
  key?: string | null | undefined;
  /**
   * The attribute that holds the content.
   * @default "value"
   */
  value?: string | null | undefined;
  /**
   * The attribute that holds the expiry, a Number of epoch seconds. Turn the table's TTL on for it.
   * @default "ttl"
   */
  ttl?: string | null | undefined;
  /**
   * The attribute in which every write keeps its time, a Number of epoch milliseconds, for `getMeta`.
   * @default not kept
   */
  mtime?: string | null | undefined;
  /**
   * The attribute that says what a compressed value is. Rename it where other code uses an attribute of this name.
   * @default "enc"
   */
  encoding?: string | null | undefined;
}

/** How `getKeys` and `clear` walk through the table. Whole numbers, or their text. */
export interface DynamoDbScanOptions {
  /**
   * The parts that a table of more than one page (1 MB) is divided into: 1 to 1,000. 1: one page after another.
   * @default 16
   */
  segments?: number | string | null | undefined;
  /**
   * The pages in flight at most: 1 to 64. Reached in steps (1, 4, 16) while nothing is throttled, halved at each
   * throttle.
   * @default 16
   */
  concurrency?: number | string | null | undefined;
  /**
   * The rows that a page reads at most, also those that are filtered out: 1 or more.
   * @default as many as DynamoDB puts into 1 MB
   */
  pageSize?: number | string | null | undefined;
}

/** When calls fail at once because nothing answers. Whole numbers, or their text. */
export interface DynamoDbCircuitBreaker {
  /**
   * The requests in a row that timed out or failed to connect: 1 to 1,000.
   * @default 5
   */
  failures?: number | string | null | undefined;
  /**
   * The milliseconds until a request is tried: 1 to 86,400,000.
   * @default 5000
   */
  cooldown?: number | string | null | undefined;
}

/** A boolean or, as configurations have it, its text. An empty text counts as absent. */
export type DynamoDbFlag = boolean | "true" | "false" | "";

/** Options of the driver. An empty text counts as absent. Checked by the first call of a method, not by the factory. */
export interface DynamoDbDriverOptions {
  /**
   * The table's name, 3 to 255 characters of `a-z A-Z 0-9 _ . -`, or its ARN, which also holds its region.
   * @default the environment variable `UNSTORAGE_DYNAMODB_TABLE`, read by the first call
   */
  table?: string | null | undefined;
  /**
   * The AWS region, such as `"eu-west-1"`.
   * @default the region in the table's ARN, `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's region
   */
  region?: string | null | undefined;
  /**
   * The profile of the shared config files that region, endpoint and credentials come from. Its credentials go before
   * those of the environment.
   * @default `AWS_PROFILE`, or `"default"`
   */
  profile?: string | null | undefined;
  /**
   * Static credentials, or a function that gives some: called once for all requests that wait, again in the background
   * shortly before they expire, and when AWS refuses them.
   * @default the AWS default chain: environment, shared config and SSO, process, web identity, ECS, EC2
   */
  credentials?: DynamoDbCredentials | DynamoDbCredentialsProvider | null | undefined;
  /**
   * Renames the table's attributes, one by one.
   * @default `{ key: "key", value: "value", ttl: "ttl", encoding: "enc" }`
   */
  attributes?: DynamoDbAttributes | null | undefined;
  /**
   * How long items live that are written without a `ttl` of their own, in seconds. 0 or `false`: for ever.
   * @default 0
   */
  expireIn?: number | string | false | null | undefined;
  /**
   * Another name of `expireIn`; when both are given they must be equal.
   * @default 0
   */
  ttl?: number | string | false | null | undefined;
  /**
   * Where requests go in place of AWS: an `http:` or `https:` URL.
   * @default `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`, the profile's `endpoint_url`, or AWS
   */
  endpoint?: string | null | undefined;
  /**
   * What every key begins with in the table, so that several apps or mounts can share one: at most 1,024 bytes.
   * `"app/cache/"` is the same as `"app:cache"`, as in unstorage's own drivers.
   * @default nothing
   */
  base?: string | null | undefined;
  /**
   * Whether BatchGetItem and BatchWriteItem may be used. A role without their permissions needs no `false`: the driver
   * finds out by itself.
   * @default true
   */
  batch?: DynamoDbFlag | null | undefined;
  /**
   * Whether `getItem`, `getItemRaw`, `hasItem` and `getMeta` of one key that are in flight at once share a request. Reads with
   * `consistentRead` never do, nor does a read that begins after a write of the key by this driver.
   * @default true
   */
  coalesce?: DynamoDbFlag | null | undefined;
  /**
   * Whether reads see every write that was acknowledged before: at twice the read units. Use it for sessions.
   * @default false
   */
  consistentRead?: DynamoDbFlag | null | undefined;
  /**
   * How text and bytes are written: `"gzip"` compresses them where that saves a write unit. What is compressed is read
   * whatever this says; set it only when every reader of the table is a version that does.
   * @default false
   */
  compression?: false | "gzip" | "false" | "" | null | undefined;
  /**
   * How often a request is sent before it fails, the first time included: 1 to 10.
   * @default 4, the AWS SDKs' own number for DynamoDB
   */
  maxAttempts?: number | string | null | undefined;
  /**
   * The time for TCP and TLS set-up, in milliseconds. 0: no limit.
   * @default 3100, the AWS SDKs' own
   */
  connectTimeout?: number | string | null | undefined;
  /**
   * The longest time of an attempt without a byte moved either way, in milliseconds. A write that was sent whole is waited
   * for until `timeout`. 0: no limit.
   * @default 5000
   */
  attemptTimeout?: number | string | null | undefined;
  /**
   * The time for a call of one item, in milliseconds, waits for credentials and a connection included. For `getItems` and
   * `setItems` the longest time in which no item was read or written; for `getKeys` and `clear`, where it is given, the
   * longest time without an answer. 0: no limit.
   * @default 15000 (60000 for `getKeys` and `clear`)
   */
  timeout?: number | string | null | undefined;
  /**
   * When nothing answers: after so many requests in a row that timed out or failed to connect, calls fail at once with
   * `ERR_DYNAMODB_CIRCUIT_OPEN`; after the cooldown (milliseconds) one at a time is let through until one is answered.
   * `{}` and `true`: 5 failures, 5,000 ms.
   * @default false
   */
  circuitBreaker?: DynamoDbCircuitBreaker | DynamoDbFlag | null | undefined;
  /**
   * Requests in flight, and connections to the endpoint: 1 to 1,000, and half of the files that the process may still open.
   * Further calls wait for their turn.
   * @default 50, as in the JavaScript SDK
   */
  maxConnections?: number | string | null | undefined;
  /**
   * Words added to the `user-agent` header, such as `"shop/1.2"`.
   * @default none
   */
  userAgent?: string | null | undefined;
  /**
   * A proxy: `true` takes it from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, a URL is used for every request. User
   * information in the URL is sent to the proxy and shown nowhere.
   * @default false, as in the JavaScript SDK
   */
  proxy?: boolean | string | null | undefined;
  /**
   * How `getKeys` and `clear` walk through the table.
   * @default `{ segments: 16, concurrency: 16 }`
   */
  scan?: DynamoDbScanOptions | null | undefined;
  /**
   * The name of a key index: a global secondary index with the table's own partition key that projects the attribute
   * `attributes.ttl`. `getKeys` scans it in place of the table, eventually consistent and for a small part of the read
   * units; each new, removed or differently expiring key costs a write unit. `createTable` makes it.
   * @default none
   */
  index?: string | null | undefined;
}

/** What `driver.options` shows: the options without credentials. */
export type DynamoDbPublicOptions = Omit<DynamoDbDriverOptions, "credentials">;

/** Options of every call. */
export interface DynamoDbCallOptions {
  /** Stops the call: it rejects with an `AbortError`. A write may then have been done or not. */
  signal?: AbortSignal | null | undefined;
}

/** Options of `setItem`. */
export interface DynamoDbItemOptions extends DynamoDbCallOptions {
  /** How long the item lives, in seconds, over the driver's default. 0 or `false`: for ever. */
  ttl?: number | string | false | null | undefined;
}

/** Options of the methods that read items. */
export interface DynamoDbReadOptions extends DynamoDbCallOptions {
  /** Whether to see every write that was acknowledged before, over the driver's option of that name. */
  consistentRead?: DynamoDbFlag | null | undefined;
}

/** Options of `getKeys`. */
export interface DynamoDbKeysOptions extends DynamoDbReadOptions {
  /** Leave out keys with more than this many `:`. */
  maxDepth?: number | undefined;
}

/**
 * An object of names and values, an interface as well. What its properties hold is checked when it is stored; what is no
 * plain object (a function, a Date, a Promise) is found here.
 */
export type DynamoDbRecord = object & {
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.match]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.toStringTag]?: never;
};

/** A value that a table can hold. */
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

/** What `getMeta` knows of an item. */
export interface DynamoDbMeta {
  /** Seconds left, rounded up, where the item expires. */
  ttl?: number;
  /** The bytes of the value, before it was compressed. */
  size: number;
  /** The time of the last write, where `attributes.mtime` keeps it. */
  mtime?: Date;
  [name: string]: number | Date | undefined;
}

/** What was done since the driver was made. Every count only grows, but for `inFlight`. */
export interface DynamoDbCounts {
  /** HTTP requests sent, retries among them. */
  requests: number;
  /** Those of them that repeated one that failed. */
  retries: number;
  /** Requests that AWS answered by asking to slow down. */
  throttles: number;
  /** Calls that failed or were aborted. */
  errors: number;
  /** Rows that DynamoDB gave; of `getKeys` and `clear` the keys. */
  itemsRead: number;
  /** Rows put or deleted. */
  itemsWritten: number;
  /** Bytes of request bodies, retries among them. */
  bytesSent: number;
  /** Bytes of the bodies of answers. */
  bytesReceived: number;
  /**
   * Read request units that DynamoDB reported, by halves. With provisioned capacity: read capacity units. A failed
   * request reports none.
   */
  readUnits: number;
  /** Write request units that DynamoDB reported, those of an index included. With provisioned capacity: write capacity units. */
  writeUnits: number;
  /** Reads that shared the request of another read of the same key (`coalesce`). */
  coalesced: number;
  /** Calls begun and not yet ended. */
  inFlight: number;
}

/** The counts in all, and by method. */
export interface DynamoDbStats extends DynamoDbCounts {
  /** By the name of the driver's method; methods that were never called are left out. */
  operations: { [method: string]: DynamoDbCounts };
}

/** The native store behind a driver: what `getInstance()` gives. */
export interface DynamoDbStore {
  /** What was done since the driver was made. Stays readable after `dispose`. Sends nothing. */
  stats(): DynamoDbStats;
}

/** The driver: usable as `Driver` of unstorage 1.x and 2.x. Every method works detached from the object. */
export interface DynamoDbDriver {
  name: "aws-dynamodb";
  options: DynamoDbPublicOptions;
  /** Whether the key has a value alive. Costs what `getItem` costs. */
  hasItem(key: string, options?: DynamoDbReadOptions | null): Promise<boolean>;
  /** The value under the key; `null` where there is none alive. unstorage stores text. */
  getItem(key: string, options?: DynamoDbReadOptions | null): Promise<any>;
  /** The values under several keys: one answer per item asked, in order. */
  getItems(
    items: readonly (string | { key: string; options?: DynamoDbReadOptions | null | undefined })[],
    common?: DynamoDbReadOptions | null,
  ): Promise<{ key: string; value: any }[]>;
  /** Bytes as a `Buffer`, unstorage's `base64:` text decoded, anything else as `getItem`. */
  getItemRaw(key: string, options?: DynamoDbReadOptions | null): Promise<any>;
  /** Time left, size and time of the last write; `null` where `getItem` finds nothing. */
  getMeta(key: string, options?: DynamoDbReadOptions | null): Promise<DynamoDbMeta | null>;
  /** Stores a value under the key, replacing the whole row. */
  setItem(key: string, value: DynamoDbValue, options?: DynamoDbItemOptions | null): Promise<void>;
  /** Stores several values. The `ttl` of an item goes over the common one. */
  setItems(
    items: readonly {
      key: string;
      value: DynamoDbValue;
      options?: DynamoDbItemOptions | null | undefined;
    }[],
    common?: DynamoDbItemOptions | null,
  ): Promise<void>;
  /**
   * Stores bytes as bytes, text as text, and anything else as its JSON text. Refuses what JSON would empty: a Map, a
   * Response, a class instance without `toJSON`.
   */
  setItemRaw(key: string, value: unknown, options?: DynamoDbItemOptions | null): Promise<void>;
  /** Removes the row under the key; a missing one is no error. */
  removeItem(key: string, options?: DynamoDbCallOptions | null): Promise<void>;
  /** Every key alive under `base`: complete, or an error. */
  getKeys(base?: string | null, options?: DynamoDbKeysOptions | null): Promise<string[]>;
  /** Removes every row under `base`, and nothing else. */
  clear(base?: string | null, options?: DynamoDbCallOptions | null): Promise<void>;
  /**
   * The native store, for its `stats()`: the same object each time. Checks the options and loads the addon as the first
   * call of another method does, and throws where that would reject. Connects to nothing.
   */
  getInstance(): DynamoDbStore;
  /** Waits for requests already sent, then closes the connections. Later calls reject. */
  dispose(): Promise<void>;
}

/** What `createTable` did. */
export interface DynamoDbCreateTableResult {
  /** Whether this call made the table: `false` where it was there, or another call was faster. */
  created: boolean;
  /**
   * Whether the index of the option `index` can be read already: `false` while DynamoDB adds it to an existing table.
   * Absent without the option.
   */
  indexReady?: boolean;
}

/** A stable code, see docs/ERRORS.md. */
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
  | "ERR_DYNAMODB_FORMAT"
  | "ERR_DYNAMODB_RESPONSE"
  | "ERR_DYNAMODB_CLOSED"
  | "ERR_DYNAMODB_ABORTED"
  | "ERR_DYNAMODB_BINDING"
  | "ERR_DYNAMODB_INTERNAL";

/** Every failure of the driver. Made by the driver only. */
export declare class DynamoDbError extends Error {
  private constructor();
  /** AWS's own error name, else `TimeoutError`, `ConnectionError`, `AbortError`, `ClosedError` or `DynamoDbError`. */
  readonly name: string;
  /** The code to compare: the same for a whole major version. */
  readonly code: DynamoDbErrorCode;
  /** The driver's method, or `createTable`. */
  readonly operation: string;
  /** The table, as far as known. */
  readonly table: string | undefined;
  /** The key, where the failure concerns one. */
  readonly key?: string;
  /** After a failed `setItems`: every key that is not known to be written. */
  readonly keys?: readonly string[];
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
  readonly $metadata: {
    readonly httpStatusCode: number | undefined;
    readonly requestId: string | undefined;
    /** How often the request was sent; 0 where it never was. */
    readonly attempts: number;
  };
}

/**
 * A driver of unstorage that keeps its items in a DynamoDB table.
 *
 * Opens nothing and throws nothing; the first call of a method checks the options and connects.
 */
export declare function dynamoDbCacheDriver(options?: DynamoDbDriverOptions | null): DynamoDbDriver;

/**
 * Makes the table that a driver with these options expects, where there is none: on-demand capacity, one String
 * partition key `attributes.key`, TTL on for `attributes.ttl`, and the key index where `index` names one. Resolves when
 * the table can be used.
 *
 * A table in that shape is left as it is, but for TTL that is off, which is turned on. A table in another shape is
 * never changed: the error names the difference. Safe to call at every start, and by several processes at once.
 *
 * Calls DescribeTable and DescribeTimeToLive; CreateTable and UpdateTimeToLive only where there is something to do.
 */
export declare function createTable(
  options?: DynamoDbDriverOptions | null,
): Promise<DynamoDbCreateTableResult>;
