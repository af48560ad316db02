// createTable on real engines: what it makes, what it leaves alone, and what it refuses. Tables in the making, which
// engines in memory do not show, are answered by the recorder; the waiting itself is tested in tests/create_table.rs.
import { createRequire } from "node:module";
import { inspect } from "node:util";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { createTable, DynamoDbError } from "../index.mjs";
import { literal, runChild } from "./helpers/child";
import { expectShape, failureOf } from "./helpers/failure";
import { accessDenied, serviceError, type Spoiled, useRecorder } from "./helpers/recorder";
import { engineOptions, rawClient, region, uniqueName } from "./helpers/table";

const client = rawClient();
const recorder = useRecorder();
const names: string[] = [];

afterEach(async () => {
  // A refused call leaves no table behind, which is no failure here: what matters is checked by the tests.
  const drop = (TableName: string) => client.send(new DeleteTableCommand({ TableName }));
  await Promise.allSettled(names.splice(0).map(drop));
});
afterAll(() => client.destroy());

/** Options with a table of their own, dropped after the test; requests go through the recorder. */
function options(more: Record<string, unknown> = {}): any {
  const name = uniqueName();
  names.push(name);
  return { ...engineOptions(name), endpoint: recorder.endpoint, ...more };
}

type Shape = Omit<CreateTableCommandInput, "TableName">;

function oneKey(name: string, type: "S" | "N" | "B"): Shape {
  return {
    AttributeDefinitions: [{ AttributeName: name, AttributeType: type }],
    KeySchema: [{ AttributeName: name, KeyType: "HASH" }],
  };
}

/** Makes a table as somebody else might have. */
async function foreign(TableName: string, shape: Shape = oneKey("key", "S")): Promise<void> {
  const input: CreateTableCommandInput = { BillingMode: "PAY_PER_REQUEST", ...shape, TableName };
  await client.send(new CreateTableCommand(input));
}

async function ttlOn(TableName: string, AttributeName: string): Promise<void> {
  const TimeToLiveSpecification = { Enabled: true, AttributeName };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

/** What the engine itself says of a table. */
async function described(TableName: string) {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  return { ...Table!, ttl: ttl.TimeToLiveDescription! };
}

function answer(body: unknown): Spoiled {
  return { status: 200, body };
}

describe("the function", () => {
  const cjs = createRequire(import.meta.url)("../index.js");

  it("[TAB-1] is one and the same under import and under require", () => {
    expect(createTable).toBeTypeOf("function");
    expect(cjs.createTable).toBe(createTable);
    expect(cjs.default.createTable).toBe(createTable);
  });

  it.each([
    ["nothing", undefined, "`table`"],
    ["no table", {}, "`table`"],
    ["an ill-formed table", { table: "no spaces" }, "`table`"],
    ["a negative expireIn", { table: "some-table", expireIn: -1 }, "`expireIn`"],
    ["a wrong endpoint", { table: "some-table", endpoint: "nowhere" }, "`endpoint`"],
    ["a client", { table: "some-table", client: {} }, "`client`"],
    ["equal attributes", { table: "some-table", attributes: { ttl: "key" } }, "`attributes.ttl`"],
  ])("[TAB-1] rejects, and does not throw, for %s", async (_, given: any, option) => {
    const promise = createTable(given);
    expect(promise).toBeInstanceOf(Promise);
    const error = await failureOf(promise);
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_OPTION", operation: "createTable" });
    expect(error.message).toContain(option);
  });

  it("[TAB-1] reads the caller's options once and leaves them alone", async () => {
    const given = options({ driver: "unstorage-dynamodb", expireIn: "60", ttl: null });
    let reads = 0;
    Object.defineProperty(given, "region", {
      enumerable: true,
      get: () => {
        reads += 1;
        return region;
      },
    });
    Object.freeze(given);
    expect(await createTable(given)).toEqual({ created: true });
    expect(reads).toBe(1);
  });

  it("[TAB-1] the stack leads back to the caller, and the error has the shape of all", async () => {
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

  it("[API-6] [ERR-6] [TAB-1] no secret shows in its errors", async () => {
    const credentials = {
      accessKeyId: "AKIDCANARY",
      secretAccessKey: "CANARY",
      sessionToken: "CANARY",
    };
    recorder.spoil(() => serviceError("InvalidSignatureException", "wrong\n\ntoken:CANARY"));
    for (const given of [options({ credentials }), options({ credentials, region: "" })]) {
      const error = await failureOf(createTable(given));
      const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
      expect(shown).not.toContain("CANARY");
    }
    expect(recorder.exchanges[0]?.securityToken).toBe("CANARY");
  });

  it("[ERR-12] [TAB-1] without the addon it rejects with what is missing", async () => {
    const script = `
      const { createTable } = await import(${literal(new URL("../index.mjs", import.meta.url).href)});
      const { code, operation } = await failure(createTable({ table: "some-table" }));
      report({ code, operation });
    `;
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" };
    const { reports, stderr } = await runChild(script, { env });
    expect(stderr).toBe("");
    expect(reports).toEqual([{ code: "ERR_DYNAMODB_BINDING", operation: "createTable" }]);
  });
});

describe("where there is no table", () => {
  it("[TAB-2] makes one that the driver works with", async () => {
    const given = options();
    expect(await createTable(given)).toEqual({ created: true });
    const table = await described(given.table);
    expect(table.TableStatus).toBe("ACTIVE");
    expect(table.KeySchema).toEqual([{ AttributeName: "key", KeyType: "HASH" }]);
    expect(table.AttributeDefinitions).toEqual([{ AttributeName: "key", AttributeType: "S" }]);
    expect(table.BillingModeSummary?.BillingMode).toBe("PAY_PER_REQUEST");
    expect(table.ttl.AttributeName).toBe("ttl");
    expect(table.ttl.TimeToLiveStatus).toMatch(/^ENABL(ED|ING)$/);

    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("k", "v", { ttl: 60 });
    expect(await driver.getItem("k")).toBe("v");
    expect(await driver.getKeys()).toEqual(["k"]);
    await driver.dispose();
  });

  it("[TAB-2] with the names that the options give, reserved words and punctuation included", async () => {
    const given = options({ attributes: { key: "a.b#c", value: "key", ttl: "TTL é" } });
    expect(await createTable(given)).toEqual({ created: true });
    const table = await described(given.table);
    expect(table.KeySchema).toEqual([{ AttributeName: "a.b#c", KeyType: "HASH" }]);
    expect(table.ttl.AttributeName).toBe("TTL é");
    expect(await createTable(given)).toEqual({ created: false });
  });

  it("[TAB-8] waits until it is ACTIVE", async () => {
    const given = options();
    const making = { ...oneKey("key", "S"), TableStatus: "CREATING" };
    let creating = 2;
    recorder.spoil(({ operation }) => {
      if (operation !== "DescribeTable" || recorder.of("CreateTable").length === 0) {
        return undefined;
      }
      creating -= 1;
      return creating < 0 ? undefined : answer({ Table: making });
    });
    expect(await createTable(given)).toEqual({ created: true });
    expect(recorder.operations()).toEqual([
      "DescribeTable",
      "CreateTable",
      "DescribeTable",
      "DescribeTable",
      "DescribeTable",
      "DescribeTimeToLive",
      "UpdateTimeToLive",
    ]);
  });

  it("[TAB-7] of many at once each resolves, and one made it", async () => {
    const given = options();
    const results = await Promise.all(Array.from({ length: 8 }, () => createTable(given)));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect((await described(given.table)).ttl.AttributeName).toBe("ttl");
  });

  it("[TAB-12] a TTL name over 255 bytes is refused before anything is made", async () => {
    // 128 characters, 256 bytes: DynamoDB counts bytes.
    const given = options({ attributes: { ttl: "é".repeat(128) } });
    const error = await failureOf(createTable(given));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_OPTION", operation: "createTable" });
    expect(error.message).toMatch(/`attributes\.ttl`.*255 bytes/);
    expect(recorder.exchanges).toEqual([]);
  });

  it("[TAB-13] leaves nothing behind that keeps the process alive", async () => {
    const given = { ...options(), endpoint: engineOptions("unused").endpoint };
    const script = `
      const { createTable } = await import(${literal(new URL("../index.mjs", import.meta.url).href)});
      report(await createTable(${literal(given)}));
    `;
    const child = await runChild(script);
    expect(child).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(child.reports).toEqual([{ created: true }]);
    expect(child.lingeredMs).toBeLessThan(1000);
  });
});

describe("where there is a table", () => {
  it("[TAB-3] [TAB-10] in that shape, looks and does nothing", async () => {
    const given = options();
    await createTable(given);
    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("kept", "v");
    const before = await described(given.table);
    recorder.reset();
    expect(await createTable(given)).toEqual({ created: false });
    expect(recorder.operations()).toEqual(["DescribeTable", "DescribeTimeToLive"]);
    expect({ ...(await described(given.table)), ItemCount: 0, TableSizeBytes: 0 }).toEqual({
      ...before,
      ItemCount: 0,
      TableSizeBytes: 0,
    });
    expect(await driver.getItem("kept")).toBe("v");
    await driver.dispose();
  });

  it("[TAB-3] provisioned capacity, tags and indexes do not count", async () => {
    const given = options();
    const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    await foreign(given.table, {
      BillingMode: "PROVISIONED",
      ProvisionedThroughput,
      Tags: [{ Key: "team", Value: "web" }],
      AttributeDefinitions: [
        { AttributeName: "other", AttributeType: "N" },
        { AttributeName: "key", AttributeType: "S" },
      ],
      KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-other",
          KeySchema: [{ AttributeName: "other", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
          ProvisionedThroughput,
        },
      ],
    });
    await ttlOn(given.table, "ttl");
    expect(await createTable(given)).toEqual({ created: false });
    const table = await described(given.table);
    expect(table.GlobalSecondaryIndexes).toHaveLength(1);
    expect(table.ProvisionedThroughput).toMatchObject(ProvisionedThroughput);
    expect(recorder.operations()).toEqual(["DescribeTable", "DescribeTimeToLive"]);
  });

  it("[TAB-4] whose TTL is off, turns it on", async () => {
    const given = options({ attributes: { key: "pk", ttl: "expires" } });
    await foreign(given.table, oneKey("pk", "S"));
    expect(await createTable(given)).toEqual({ created: false });
    expect((await described(given.table)).ttl).toMatchObject({ AttributeName: "expires" });
    expect(recorder.operations()).not.toContain("CreateTable");
  });

  it("[TAB-4] whose TTL is just being turned on, does nothing", async () => {
    const given = options();
    await foreign(given.table);
    const ttl = { TimeToLiveStatus: "ENABLING", AttributeName: "ttl" };
    recorder.spoil(({ operation }) =>
      operation === "DescribeTimeToLive" ? answer({ TimeToLiveDescription: ttl }) : undefined,
    );
    expect(await createTable(given)).toEqual({ created: false });
    expect(recorder.of("UpdateTimeToLive")).toEqual([]);
  });

  it("[TAB-11] a call that failed half-way goes on when repeated", async () => {
    const given = options();
    recorder.spoil(({ operation }) =>
      operation === "UpdateTimeToLive" ? accessDenied(operation) : undefined,
    );
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    expect(error.message).toMatch(/TTL is not on.*again/);
    expect((await described(given.table)).ttl.TimeToLiveStatus).toBe("DISABLED");
    recorder.reset();
    expect(await createTable(given)).toEqual({ created: false });
    expect((await described(given.table)).ttl.AttributeName).toBe("ttl");
  });

  it.each([
    ["DescribeTable", ["DescribeTable"]],
    ["CreateTable", ["DescribeTable", "CreateTable"]],
    ["DescribeTimeToLive", undefined],
    ["UpdateTimeToLive", undefined],
  ])("[ERR-11] [TAB-10] a denied %s is named", async (action, sent) => {
    const given = options();
    recorder.spoil(({ operation }) => (operation === action ? accessDenied(operation) : undefined));
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    expect(error).toMatchObject({
      name: "AccessDeniedException",
      code: "ERR_DYNAMODB_ACCESS_DENIED",
    });
    expect(error.message).toContain(`dynamodb:${action} `);
    if (sent) expect(recorder.operations()).toEqual(sent);
  });
});

describe("where there is another table", () => {
  const sorted: Shape = {
    AttributeDefinitions: ["key", "sort"].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    })),
    KeySchema: [
      { AttributeName: "key", KeyType: "HASH" },
      { AttributeName: "sort", KeyType: "RANGE" },
    ],
  };

  it.each([
    ["another key", oneKey("pk", "S"), [/"pk"/, /"key"/, /`attributes\.key`/]],
    ["a numeric key", oneKey("key", "N"), [/Number/, /String/]],
    ["a binary key", oneKey("key", "B"), [/Binary/, /String/]],
    ["another numeric key", oneKey("id", "N"), [/"id"/, /Number/]],
    ["a sort key", sorted, [/sort key, "sort"/]],
  ])("[TAB-5] %s is named, and nothing changed", async (_, input, words) => {
    const given = options();
    await foreign(given.table, input);
    const before = await described(given.table);
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    const code = "ERR_DYNAMODB_SCHEMA_MISMATCH";
    expect(error).toMatchObject({ name: "DynamoDbError", code, retryable: false });
    expect(error.message).toContain("exists in another shape");
    for (const word of words) expect(error.message).toMatch(word);
    expect(await described(given.table)).toEqual(before);
    expect(recorder.operations()).toEqual(["DescribeTable"]);
  });

  it("[TAB-6] TTL on another attribute is named, and nothing changed", async () => {
    const given = options({ attributes: { ttl: "expires" } });
    await foreign(given.table);
    await ttlOn(given.table, "ttl");
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_SCHEMA_MISMATCH", retryable: false });
    for (const word of [/TTL/, /"ttl"/, /"expires"/, /`attributes\.ttl`/]) {
      expect(error.message).toMatch(word);
    }
    expect((await described(given.table)).ttl.AttributeName).toBe("ttl");
    expect(recorder.operations()).toEqual(["DescribeTable", "DescribeTimeToLive"]);
  });

  it.each([
    [
      "DescribeTable",
      { Table: { TableName: "t", TableStatus: "DELETING" } },
      /table is being deleted/,
    ],
    [
      "DescribeTimeToLive",
      { TimeToLiveDescription: { TimeToLiveStatus: "DISABLING", AttributeName: "ttl" } },
      /TTL is being turned off/,
    ],
  ])("[TAB-9] %s tells of one on its way out", async (action, body, words) => {
    const given = options();
    await foreign(given.table);
    recorder.spoil(({ operation }) => (operation === action ? answer(body) : undefined));
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_TABLE_UNAVAILABLE", retryable: true });
    expect(error.message).toMatch(words);
    recorder.reset();
    expect(await createTable(given)).toEqual({ created: false });
  });
});
