// Every test file makes its own table and drops it, so files can run side by side on one engine
// and a failed file leaves nothing behind that another one could trip over.
import { randomUUID } from "node:crypto";
import { type AttributeValue, DynamoDB, paginateScan } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import dynamoDbCacheDriver from "../../index.mjs";
import { createTable } from "../../scripts/lib/table.mjs";

export type Row = Record<string, AttributeValue>;
export type Driver = ReturnType<typeof dynamoDbCacheDriver>;
export type DriverOptions = NonNullable<Parameters<typeof dynamoDbCacheDriver>[0]>;

type KeyType = "S" | "N" | "B";
export interface TableShape {
  /** The partition key. Default: the driver's default, text under `key`. */
  hash?: { name: string; type: KeyType };
  /** A sort key, which the driver does not support. Default: none. */
  range?: { name: string; type: KeyType };
}

/** Letters and digits only: DynamoDB Local refuses any other access key id. */
export const credentials = { accessKeyId: "AKIDTEST", secretAccessKey: "secretTEST" };
export const region = "us-east-1";

/** A name no other test file, and no earlier run, has used. */
export function uniqueName(): string {
  return `spec-${randomUUID()}`;
}

/** The engine of this run, through AWS's own client: what a test compares the driver with. */
export function rawClient(): DynamoDB {
  return new DynamoDB({ endpoint: inject("endpoint"), region, credentials });
}

/** Options that reach the engine of this run; a test adds or replaces what it is about. */
export function engineOptions(table: string): DriverOptions {
  return { table, region, credentials: { ...credentials }, endpoint: inject("endpoint") };
}

async function putAll(client: DynamoDB, table: string, rows: Row[]): Promise<void> {
  // 25 is BatchWriteItem's limit; nothing here comes near its 16 MB.
  for (let start = 0; start < rows.length; start += 25) {
    const requests = rows.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    const answer = await client.batchWriteItem({ RequestItems: { [table]: requests } });
    if (Object.keys(answer.UnprocessedItems ?? {}).length > 0) {
      throw new Error("the engine left rows unprocessed: the test would start from a wrong table");
    }
  }
}

export class TestTable {
  readonly name = uniqueName();
  readonly hash: { name: string; type: KeyType };
  readonly range: { name: string; type: KeyType } | undefined;
  #client: DynamoDB | undefined;
  #drivers: Driver[] = [];

  constructor(shape: TableShape) {
    this.hash = shape.hash ?? { name: "key", type: "S" };
    this.range = shape.range;
  }

  get client(): DynamoDB {
    this.#client ??= rawClient();
    return this.#client;
  }

  /** A driver on this table, disposed after the test. */
  driver(options: Record<string, unknown> = {}): Driver {
    const driver = dynamoDbCacheDriver({ ...engineOptions(this.name), ...options });
    this.#drivers.push(driver);
    return driver;
  }

  /** Writes a row as it is: past expiries, foreign types, missing values. */
  async putRow(key: string, attributes: Row): Promise<void> {
    await this.putItem({ [this.hash.name]: { S: key }, ...attributes });
  }

  async putItem(Item: Row): Promise<void> {
    await this.client.putItem({ TableName: this.name, Item });
  }

  async putRows(rows: Row[]): Promise<void> {
    await putAll(this.client, this.name, rows);
  }

  /** The row exactly as stored. */
  async getRow(key: string): Promise<Row | undefined> {
    const Key = { [this.hash.name]: { S: key } };
    return (await this.client.getItem({ TableName: this.name, Key, ConsistentRead: true })).Item;
  }

  /** Every row, expired ones too. */
  async rows(): Promise<Row[]> {
    const rows: Row[] = [];
    const input = { TableName: this.name, ConsistentRead: true };
    for await (const page of paginateScan({ client: this.client }, input)) {
      rows.push(...(page.Items ?? []));
    }
    return rows;
  }

  /** Every key in the table, sorted, expired ones too. */
  async keys(): Promise<string[]> {
    return (await this.rows()).map((row) => row[this.hash.name]?.S ?? "").sort();
  }

  /** Drops what a test left; through the raw client, because `clear` is itself under test. */
  async empty(): Promise<void> {
    const names = [this.hash.name, ...(this.range ? [this.range.name] : [])];
    const requests = (await this.rows()).map((row) => ({
      DeleteRequest: { Key: Object.fromEntries(names.map((name) => [name, row[name]!])) },
    }));
    for (let start = 0; start < requests.length; start += 25) {
      const RequestItems = { [this.name]: requests.slice(start, start + 25) };
      await this.client.batchWriteItem({ RequestItems });
    }
  }

  async create(): Promise<void> {
    const keys = [this.hash, ...(this.range ? [this.range] : [])];
    await createTable(inject("endpoint"), this.name, keys, credentials.accessKeyId);
  }

  async disposeDrivers(): Promise<void> {
    await Promise.all(this.#drivers.splice(0).map((driver) => driver.dispose()));
  }

  async drop(): Promise<void> {
    await this.client.deleteTable({ TableName: this.name });
    this.client.destroy();
  }
}

/** Call in a file's or a `describe`'s body: the table lives as long as that block. */
export function useTable(shape: TableShape = {}): TestTable {
  const table = new TestTable(shape);
  beforeAll(() => table.create());
  afterEach(() => table.disposeDrivers());
  afterAll(() => table.drop());
  return table;
}
