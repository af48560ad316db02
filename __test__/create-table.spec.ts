// createTable on real engines: what it creates, keeps and rejects. tests/create_table.rs tests waiting, races and
// denied requests, which do not occur on engines in memory.
import { createRequire } from "node:module";
import { inspect } from "node:util";
import type { CreateTableCommandInput, KeyType } from "@aws-sdk/client-dynamodb";
// @ts-expect-error it has no types
import dynalite from "dynalite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { createTable, DynamoDbError } from "../index.mjs";
import { entry, literal, runChild } from "./helpers/child";
import { expectShape, failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { engineOptions, rawClient, region, uniqueName } from "./helpers/table";

const client = rawClient();
const recorder = useRecorder();
const names: string[] = [];

afterEach(async () => {
  // A rejected call leaves no table behind, which is not a failure here.
  const drop = (TableName: string) => client.deleteTable({ TableName });
  await Promise.allSettled(names.splice(0).map(drop));
});
afterAll(() => client.destroy());

/** Options with a separate table, dropped after the test. Requests go through the recorder. */
function options(more: Record<string, unknown> = {}): any {
  const name = uniqueName();
  names.push(name);
  return { ...engineOptions(name), endpoint: recorder.endpoint, ...more };
}

/** Attributes `name:type` as keys: the partition key, then the sort key. */
function keyed(...attributes: string[]) {
  const split = attributes.map((attribute) => attribute.split(":"));
  const kinds: KeyType[] = ["HASH", "RANGE"];
  return {
    AttributeDefinitions: split.map(([AttributeName, AttributeType]: any[]) => {
      return { AttributeName, AttributeType };
    }),
    KeySchema: kinds.slice(0, split.length).map((KeyType, index) => {
      return { AttributeName: split[index]?.[0], KeyType };
    }),
  };
}

/** Creates a table independently of the driver. */
async function foreign(
  TableName: string,
  shape: Omit<CreateTableCommandInput, "TableName"> = keyed("key:S"),
): Promise<void> {
  await client.createTable({ BillingMode: "PAY_PER_REQUEST", ...shape, TableName });
}

async function ttlOn(TableName: string, AttributeName: string): Promise<void> {
  const TimeToLiveSpecification = { Enabled: true, AttributeName };
  await client.updateTimeToLive({ TableName, TimeToLiveSpecification });
}

/** Returns the engine's description of a table. */
async function described(TableName: string) {
  const { Table } = await client.describeTable({ TableName });
  const ttl = await client.describeTimeToLive({ TableName });
  return { ...Table!, ItemCount: 0, TableSizeBytes: 0, ttl: ttl.TimeToLiveDescription! };
}

describe("the function", () => {
  it("[TAB-1] is the same function for import and require", () => {
    const cjs = createRequire(import.meta.url)("../index.js");
    expect(createTable).toBeTypeOf("function");
    expect([cjs.createTable, cjs.default.createTable]).toEqual([createTable, createTable]);
  });

  const table = "some-table";
  it.each([
    ["[TAB-1] nothing", undefined, /`table`/],
    ["[TAB-1] no table", {}, /`table`/],
    ["[TAB-1] an ill-formed table", { table: "no spaces" }, /`table`/],
    ["[TAB-1] a negative expireIn", { table, expireIn: -1 }, /`expireIn`/],
    ["[TAB-1] a wrong endpoint", { table, endpoint: "nowhere" }, /`endpoint`/],
    ["[TAB-1] a client", { table, client: {} }, /`client`/],
    ["[TAB-1] equal attributes", { table, attributes: { ttl: "key" } }, /`attributes.ttl`/],
    // 128 characters, 256 bytes: DynamoDB counts bytes.
    [
      "[TAB-12] a long name",
      { table, attributes: { ttl: "é".repeat(128) } },
      /`attributes.ttl`.*255 bytes/,
    ],
  ])("%s: rejects, and does not throw", async (_, given: any, words) => {
    const promise = createTable(given);
    expect(promise).toBeInstanceOf(Promise);
    const error = await failureOf(promise);
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_OPTION", operation: "createTable" });
    expect(error.message).toMatch(words);
  });

  it("[TAB-1] reads the caller's options once and does not change them", async () => {
    let reads = 0;
    const get = (): string => {
      reads += 1;
      return region;
    };
    const given = options({ driver: "unstorage-dynamodb", expireIn: "60", ttl: null });
    Object.freeze(Object.defineProperty(given, "region", { enumerable: true, get }));
    expect(await createTable(given)).toEqual({ created: true });
    expect(reads).toBe(1);
  });

  it("[TAB-1] the stack contains the caller, and the error has the usual properties", async () => {
    const given = options();
    recorder.spoil(() => serviceError("ValidationException", "the reason"));
    async function theCaller(): Promise<unknown> {
      return await createTable(given);
    }
    const error = await failureOf(theCaller());
    expectShape(error, "createTable", given.table);
    expect(error).toMatchObject({ name: "ValidationException", code: "ERR_DYNAMODB_VALIDATION" });
    expect(error.stack).toContain("theCaller");
  });

  it.each([{}, { region: "" }])("[API-6] [ERR-6] [TAB-1] prints no secret: %j", async (more) => {
    const [secretAccessKey, sessionToken] = ["CANARY", "CANARY"];
    const credentials = { accessKeyId: "AKIDCANARY", secretAccessKey, sessionToken };
    recorder.spoil(() => serviceError("InvalidSignatureException", "wrong\n\ntoken:CANARY"));
    const error = await failureOf(createTable(options({ credentials, ...more })));
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain("CANARY");
    // With a region, the token was sent and had to be hidden.
    expect(recorder.exchanges[0]?.securityToken).toBe("region" in more ? undefined : "CANARY");
  });

  it("[TAB-1] [TAB-13] reads everything from the environment, and does not keep the process alive", async () => {
    const { table: name, credentials } = options();
    const script = `
      const { createTable } = await import(${literal(entry)});
      report([await createTable(), await createTable(null), await createTable(undefined)]);
      const driver = dynamoDbCacheDriver(null);
      await driver.setItem("k", "v", null);
      report([await driver.getItem("k", null), await driver.getItems(["k"], null)]);
    `;
    const env = {
      UNSTORAGE_DYNAMODB_TABLE: name,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: recorder.endpoint,
    };
    const child = await runChild(script, { env });
    expect(child).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(child.reports).toEqual([
      [{ created: true }, { created: false }, { created: false }],
      ["v", [{ key: "k", value: "v" }]],
    ]);
    expect(child.lingeredMs).toBeLessThan(1000);
  });
});

describe("without a table", () => {
  it.each([
    [{ key: "key", ttl: "ttl" }],
    // Reserved words and punctuation.
    [{ key: "a.b#c", value: "key", ttl: "TTL é" }],
  ])("[TAB-2] [TAB-7] one of several calls makes one: %j", async (attributes) => {
    const given = options({ attributes });
    const results = await Promise.all(Array.from({ length: 8 }, () => createTable(given)));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(await described(given.table)).toMatchObject({
      ...keyed(`${attributes.key}:S`),
      TableStatus: "ACTIVE",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      ttl: {
        AttributeName: attributes.ttl,
        TimeToLiveStatus: expect.stringMatching(/^ENABL(ED|ING)$/),
      },
    });
    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("k", "v", { ttl: 60 });
    expect([await driver.getItem("k"), await driver.getKeys()]).toEqual(["v", ["k"]]);
    await driver.dispose();
  });

  it("[TAB-14] reports that the table is usable on an engine without TTL (dynalite)", async () => {
    const server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${server.address().port}`;
    const given = { ...engineOptions("some-table"), endpoint };
    try {
      for (let round = 0; round < 2; round += 1) {
        const error = await failureOf(createTable(given));
        expectShape(error, "createTable", "some-table");
        expect(error).toMatchObject({ name: "UnknownOperationException", retryable: false });
        expect(error.message).toContain("UpdateTimeToLive");
        expect(error.message).toContain("The table itself is there and can be used");
      }
      const driver = dynamoDbCacheDriver(given);
      await driver.setItem("k", "v", { ttl: 60 });
      expect(await driver.getItem("k")).toBe("v");
      await driver.dispose();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("with an existing table", () => {
  it("[TAB-3] [TAB-10] with the expected schema, changes nothing", async () => {
    const given = options();
    await createTable(given);
    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("kept", "v");
    const before = await described(given.table);
    recorder.reset();
    expect(await createTable(given)).toEqual({ created: false });
    expect(recorder.operations()).toEqual(["DescribeTable", "DescribeTimeToLive"]);
    expect(await described(given.table)).toEqual(before);
    expect(await driver.getItem("kept")).toBe("v");
    await driver.dispose();
  });

  it("[TAB-3] ignores provisioned capacity, tags and indexes", async () => {
    const given = options();
    const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    const Projection = { ProjectionType: "ALL" as const };
    const { KeySchema } = keyed("other:N");
    await foreign(given.table, {
      AttributeDefinitions: keyed("other:N", "key:S").AttributeDefinitions,
      KeySchema: keyed("key:S").KeySchema,
      BillingMode: "PROVISIONED",
      ProvisionedThroughput,
      Tags: [{ Key: "team", Value: "web" }],
      GlobalSecondaryIndexes: [
        { IndexName: "other", KeySchema, Projection, ProvisionedThroughput },
      ],
    });
    await ttlOn(given.table, "ttl");
    const before = await described(given.table);
    expect(await createTable(given)).toEqual({ created: false });
    expect(await described(given.table)).toEqual(before);
    expect(recorder.operations()).toEqual(["DescribeTable", "DescribeTimeToLive"]);
  });

  it("[TAB-4] enables TTL if it is off", async () => {
    const given = options({ attributes: { key: "pk", ttl: "expires" } });
    await foreign(given.table, keyed("pk:S"));
    expect(await createTable(given)).toEqual({ created: false });
    expect((await described(given.table)).ttl).toMatchObject({ AttributeName: "expires" });
    expect(recorder.operations()).not.toContain("CreateTable");
  });

  it("[TAB-14] names DescribeTimeToLive if the engine does not support it", async () => {
    const given = options();
    await foreign(given.table);
    const unknown = serviceError("UnknownOperationException", "");
    recorder.spoil(({ operation }) => (operation === "DescribeTimeToLive" ? unknown : undefined));
    await expect(createTable(given)).rejects.toThrow(/DescribeTimeToLive.*can be used/s);
  });

  it.each([
    ["another key", keyed("pk:S"), [/"pk"/, /"key"/, /`attributes\.key`/]],
    ["a numeric key", keyed("key:N"), [/Number/, /String/]],
    ["a binary key", keyed("key:B"), [/Binary/, /String/]],
    ["another numeric key", keyed("id:N"), [/"id"/, /Number/]],
    ["a sort key", keyed("key:S", "sort:S"), [/sort key, "sort"/]],
    [
      "[TAB-6] TTL on another attribute",
      undefined,
      [/TTL/, /"ttl"/, /"expires"/, /`attributes\.ttl`/],
    ],
  ])("[TAB-5] %s is named, and nothing changed", async (_, shape, words) => {
    const given = options(shape ? {} : { attributes: { ttl: "expires" } });
    await foreign(given.table, shape);
    if (!shape) await ttlOn(given.table, "ttl");
    const before = await described(given.table);
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    const code = "ERR_DYNAMODB_SCHEMA_MISMATCH";
    expect(error).toMatchObject({ name: "DynamoDbError", code, retryable: false });
    const all = shape ? [/exists in another shape/, ...words] : words;
    for (const word of all) expect(error.message).toMatch(word);
    expect(await described(given.table)).toEqual(before);
    const sent = shape ? ["DescribeTable"] : ["DescribeTable", "DescribeTimeToLive"];
    expect(recorder.operations()).toEqual(sent);
  });
});
