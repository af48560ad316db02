// Every test file creates and drops its own table, so that files can run in parallel on one engine, and a failed file
// does not affect others.
import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  DynamoDB,
  paginateScan,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import dynamoDbCacheDriver from "../../index.mjs";
import { createTable } from "../../scripts/lib/table.mjs";

export type Row = Record<string, AttributeValue>;
export type Driver = ReturnType<typeof dynamoDbCacheDriver>;
export type DriverOptions = NonNullable<Parameters<typeof dynamoDbCacheDriver>[0]>;

type Key = { name: string; type: "S" | "N" | "B" };
export interface TableShape {
  /** The partition key. Default: the driver's default, text named `key`. */
  hash?: Key;
  /** A sort key, which the driver does not support. Default: none. */
  range?: Key;
  /** The name of a key index. Default: none. */
  index?: string;
}

/** Letters and digits only, because DynamoDB Local rejects other access key IDs. */
export const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "secretTEST" };
export const region = "us-east-1";

/** Returns a name that no other test file or earlier run has used. */
export function uniqueName(): string {
  return `spec-${randomUUID()}`;
}

/** Returns AWS's own client for the engine of this run, for comparisons. */
export function rawClient(): DynamoDB {
  return new DynamoDB({ endpoint: inject("endpoint"), region, credentials });
}

/** Returns options for the engine of this run. */
export function engineOptions(table: string): DriverOptions {
  return { table, region, credentials: { ...credentials }, endpoint: inject("endpoint") };
}

export class TestTable {
  readonly name = uniqueName();
  readonly hash: Key;
  readonly index: string | undefined;
  readonly #keys: Key[];
  #client: DynamoDB | undefined;
  #drivers: Driver[] = [];

  constructor({ hash = { name: "key", type: "S" }, range, index }: TableShape) {
    this.hash = hash;
    this.index = index;
    this.#keys = range ? [hash, range] : [hash];
  }

  get client(): DynamoDB {
    return (this.#client ??= rawClient());
  }

  /** Returns a driver for this table, disposed after the test. */
  driver(options: Record<string, unknown> = {}): Driver {
    const driver = dynamoDbCacheDriver({ ...engineOptions(this.name), ...options });
    this.#drivers.push(driver);
    return driver;
  }

  /** Writes a row that the driver itself may be unable to write. */
  putRow(key: string, attributes: Row): Promise<void> {
    return this.putItem({ [this.hash.name]: { S: key }, ...attributes });
  }

  async putItem(Item: Row): Promise<void> {
    await this.client.putItem({ TableName: this.name, Item });
  }

  putRows(rows: Row[]): Promise<void> {
    return this.#write(rows.map((Item) => ({ PutRequest: { Item } })));
  }

  async #write(requests: WriteRequest[]): Promise<void> {
    // 25 is BatchWriteItem's limit; these items stay far below 16 MB.
    for (let start = 0; start < requests.length; start += 25) {
      const RequestItems = { [this.name]: requests.slice(start, start + 25) };
      const answer = await this.client.batchWriteItem({ RequestItems });
      if (Object.keys(answer.UnprocessedItems ?? {}).length > 0) {
        throw new Error("the engine left rows unprocessed: the table would be a wrong one");
      }
    }
  }

  /** Returns the row exactly as it is stored. */
  async getRow(key: string): Promise<Row | undefined> {
    const Key = { [this.hash.name]: { S: key } };
    return (await this.client.getItem({ TableName: this.name, Key, ConsistentRead: true })).Item;
  }

  /** Returns all rows, including expired ones. */
  async rows(): Promise<Row[]> {
    const rows: Row[] = [];
    const input = { TableName: this.name, ConsistentRead: true };
    for await (const page of paginateScan({ client: this.client }, input)) {
      rows.push(...(page.Items ?? []));
    }
    return rows;
  }

  /** Returns all keys in the table, sorted, including expired ones. */
  async keys(): Promise<string[]> {
    return (await this.rows()).map((row) => row[this.hash.name]?.S ?? "").sort();
  }

  /** Removes the rows of a test. Uses the raw client, because `clear` is itself under test. */
  async empty(): Promise<void> {
    const keyOf = (row: Row) =>
      Object.fromEntries(this.#keys.map(({ name }) => [name, row[name]!]));
    await this.#write((await this.rows()).map((row) => ({ DeleteRequest: { Key: keyOf(row) } })));
  }

  async create(): Promise<void> {
    await createTable(
      inject("endpoint"),
      this.name,
      this.#keys,
      credentials.accessKeyId,
      this.index,
    );
  }

  async disposeDrivers(): Promise<void> {
    await Promise.all(this.#drivers.splice(0).map((driver) => driver.dispose()));
  }

  async drop(): Promise<void> {
    await this.client.deleteTable({ TableName: this.name });
    this.client.destroy();
  }
}

/** Call in the body of a file or a `describe`. The table exists until that block ends. */
export function useTable(shape: TableShape = {}): TestTable {
  const table = new TestTable(shape);
  beforeAll(() => table.create());
  afterEach(() => table.disposeDrivers());
  afterAll(() => table.drop());
  return table;
}
