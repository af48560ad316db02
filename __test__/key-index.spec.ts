// The key index on real engines: the result and cost of getKeys, and the fallback if the index cannot be used.
import { beforeAll, describe, expect, inject, it } from "vitest";
import {
  CreateTableCommand,
  DeleteTableCommand,
  type GlobalSecondaryIndex,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { refusalOf } from "./helpers/failure";
import { accessDenied, serviceError, useRecorder } from "./helpers/recorder";
import { rawClient, type Row, type TestTable, uniqueName, useTable } from "./helpers/table";
import { warningsOf } from "./helpers/warnings";

const recorder = useRecorder();
const isDynoxide = inject("engine") === "dynoxide";

/** The indexes of the driver's requests, in order; `undefined` for the table. */
function indexes(): unknown[] {
  return recorder.of("Scan").map(({ request }) => request.IndexName);
}

function driverOf(table: TestTable, options: Record<string, unknown> = {}) {
  return table.driver({ endpoint: recorder.endpoint, index: "keys", ...options });
}

describe("a table with a key index", () => {
  const table = useTable({ index: "keys" });
  const past = { N: "1000000000" };
  const rows: Row[] = [
    { key: { S: "a:b" }, value: { S: "v" } },
    { key: { S: "a:later" }, value: { S: "v" }, ttl: { N: "4000000000" } },
    { key: { S: "a:dead" }, value: { S: "v" }, ttl: past },
    { key: { S: "a:text" }, value: { S: "v" }, ttl: { S: "1000000000" } },
    { key: { S: "bare" } },
    { key: { S: "ab" }, other: { N: "1" } },
  ];
  const alive = ["a:b", "a:later", "a:text", "ab", "bare"];

  beforeAll(() => table.putRows(rows));

  it("[IDX-2] lists every unexpired key, whatever else its row contains, without its value", async () => {
    const driver = driverOf(table);
    expect((await driver.getKeys()).sort()).toEqual(alive);
    expect((await driver.getKeys("a")).sort()).toEqual(["a:b", "a:later", "a:text"]);
    expect((await driver.getKeys("", { maxDepth: 0 })).sort()).toEqual(["ab", "bare"]);
    expect(indexes()).toEqual(["keys", "keys", "keys", "keys"]);
    const items = recorder.of("Scan").flatMap((page) => page.response?.Items as Row[]);
    const names = new Set(items.flatMap((item) => Object.keys(item)));
    expect([...names].sort()).toEqual(["key", "ttl"]);
  });

  it("[IDX-4] is checked once per driver, only with Scan", async () => {
    recorder.spoil(({ operation }) => (operation === "Scan" ? undefined : accessDenied(operation)));
    const driver = driverOf(table);
    await driver.getKeys();
    await driver.getKeys();
    expect(recorder.operations()).toEqual(["Scan", "Scan", "Scan"]);
    expect(recorder.of("Scan").map(({ request }) => request.Limit)).toEqual([
      1,
      undefined,
      undefined,
    ]);
  });

  it("[IDX-2] several pages are read in segments, without missing or repeated keys", async () => {
    const scan = { segments: 3, pageSize: 2 };
    expect((await driverOf(table, { scan }).getKeys()).sort()).toEqual(alive);
    const segments = new Set(recorder.of("Scan").map(({ request }) => request.Segment));
    expect([...segments].sort()).toEqual([0, 1, 2, undefined]);
    expect(new Set(indexes())).toEqual(new Set(["keys"]));
  });

  it("[IDX-3] consistent reads scan the table", async () => {
    expect(await driverOf(table).getKeys("", { consistentRead: true })).toHaveLength(5);
    expect(await driverOf(table, { consistentRead: true }).getKeys()).toHaveLength(5);
    expect(
      await driverOf(table, { consistentRead: true }).getKeys("", { consistentRead: false }),
    ).toHaveLength(5);
    expect(indexes()).toEqual([undefined, undefined, "keys", "keys"]);
  });

  it.each([
    [
      "is being built",
      () =>
        serviceError(
          "ValidationException",
          "Cannot read from backfilling global secondary index: keys",
        ),
      "still building",
    ],
    ["may not be scanned", () => accessDenied("Scan"), "dynamodb:Scan"],
  ])(
    "[IDX-5] an index that %s: the table is scanned, with one warning",
    async (_, answer, words) => {
      recorder.spoil(({ request }) => (request.IndexName ? answer() : undefined));
      const told = await warningsOf(async () => {
        const driver = driverOf(table);
        expect((await driver.getKeys()).sort()).toEqual(alive);
        expect((await driver.getKeys()).sort()).toEqual(alive);
        // It is used as soon as it is available.
        recorder.spoil(() => undefined);
        expect((await driver.getKeys()).sort()).toEqual(alive);
      });
      expect(indexes()).toEqual(["keys", undefined, "keys", undefined, "keys", "keys"]);
      expect(told).toHaveLength(1);
      for (const word of [words, '"keys"', table.name, "`index`"]) expect(told[0]).toContain(word);
    },
  );

  it("[IDX-6] if the index is deleted during a scan, the result is complete and without duplicates", async () => {
    recorder.spoil(({ request }) =>
      request.IndexName && request.Segment === 1
        ? serviceError("ValidationException", "The table does not have the specified index: keys")
        : undefined,
    );
    const driver = driverOf(table, { scan: { segments: 3, pageSize: 2, concurrency: 1 } });
    const told = await warningsOf(async () => {
      expect((await driver.getKeys()).sort()).toEqual(alive);
    });
    expect(new Set(indexes())).toEqual(new Set(["keys", undefined]));
    expect(told).toHaveLength(1);
  });

  it("[IDX-3] clear scans the table", async () => {
    await driverOf(table).clear("a");
    expect(indexes()).toEqual([undefined]);
    expect(await table.keys()).toEqual(["ab", "bare"]);
  });
});

describe("an index with a different schema", () => {
  const client = rawClient();
  const name = uniqueName();
  const key = (...names: string[]): GlobalSecondaryIndex["KeySchema"] =>
    names.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? "HASH" : "RANGE" }));
  const Projection = { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["expires"] };
  const table = useTable();

  beforeAll(async () => {
    const AttributeDefinitions = ["key", "other"].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    }));
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions,
        KeySchema: key("key"),
        GlobalSecondaryIndexes: [
          { IndexName: "by-other", KeySchema: key("other"), Projection },
          { IndexName: "sorted", KeySchema: key("key", "other"), Projection },
          { IndexName: "bare", KeySchema: key("key"), Projection: { ProjectionType: "KEYS_ONLY" } },
          { IndexName: "right", KeySchema: key("key"), Projection },
        ],
      }),
    );
    const driver = table.driver({ table: name, attributes: { ttl: "expires" } });
    await driver.setItem("a", "1", { ttl: 1000 });
    return async () => {
      await client.send(new DeleteTableCommand({ TableName: name }));
      client.destroy();
    };
  });

  const wrong = [
    ["missing", "does not have it"],
    ["by-other", 'its key is not "key" alone'],
    ["sorted", 'its key is not "key" alone'],
  ];
  // dynoxide returns items without the attribute, while DynamoDB rejects the request.
  if (!isDynoxide) wrong.push(["bare", 'does not project the attribute "expires"']);

  it.each(wrong)(
    "[IDX-5] %s is not used, and the warning names the difference",
    async (index, words) => {
      const driver = driverOf(table, { table: name, index, attributes: { ttl: "expires" } });
      const told = await warningsOf(async () => expect(await driver.getKeys()).toEqual(["a"]));
      expect(indexes()).toEqual([index, undefined]);
      expect(told).toEqual([expect.stringContaining(words)]);
    },
  );

  it("[IDX-2] an index that projects the renamed attribute is used", async () => {
    const driver = driverOf(table, { table: name, index: "right", attributes: { ttl: "expires" } });
    const told = await warningsOf(async () => expect(await driver.getKeys()).toEqual(["a"]));
    expect(indexes()).toEqual(["right", "right"]);
    expect(told).toEqual([]);
  });
});

describe("the option", () => {
  const table = useTable();

  it.each([
    ["ab"],
    ["a b"],
    ["x".repeat(256)],
    ["table/t/index/keys"],
    [5],
    [true],
    [{}],
    [["keys"]],
  ])("[IDX-1] rejects %j", async (index) => {
    const { message } = await refusalOf(recorder, { index });
    expect(message).toContain("`index`");
    expect(message).toMatch(/\b3\b.*\b255\b/);
  });

  it.each([[undefined], [null], [""]])("[IDX-1] %j means no index", async (index) => {
    expect(await driverOf(table, { index }).getKeys()).toEqual([]);
    expect(indexes()).toEqual([undefined]);
  });

  it("[IDX-1] is exposed in the driver's options", () => {
    expect(table.driver({ index: "keys" }).options).toMatchObject({ index: "keys" });
  });
});

// DynamoDB Local charges the size of the table's items for a scan of an index.
describe.runIf(isDynoxide)("the read units", () => {
  const table = useTable({ index: "keys" });

  it("[IDX-2] listing 10,000 keys of 20 KB costs at most 100 instead of 25,000", async () => {
    const value = "x".repeat(20 * 1024);
    // Writing this much text takes a while on a busy machine.
    const patient = { timeout: 0, attemptTimeout: 0 };
    const writer = table.driver(patient);
    for (let batch = 0; batch < 20; batch += 1) {
      const keys = Array.from({ length: 500 }, (_, index) => `some:longer:key:${batch}:${index}`);
      await writer.setItems(keys.map((key) => ({ key, value })));
    }
    recorder.spoil((exchange) => {
      const asked = { ...exchange.request, ReturnConsumedCapacity: "TOTAL" };
      exchange.body = Buffer.from(JSON.stringify(asked));
      return undefined;
    });
    expect(await driverOf(table, patient).getKeys()).toHaveLength(10_000);
    const scans = recorder.of("Scan").map(({ response }) => response.ConsumedCapacity);
    const units = scans.reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
    expect(scans.length).toBeGreaterThan(1);
    expect(units).toBeLessThanOrEqual(100);
    // One page of the table.
    const ReturnConsumedCapacity = "TOTAL";
    const part = new ScanCommand({ TableName: table.name, ReturnConsumedCapacity });
    const { ConsumedCapacity, Count } = await table.client.send(part);
    expect((ConsumedCapacity!.CapacityUnits! / Count!) * 10_000).toBeGreaterThanOrEqual(25_000);
  }, 240_000);
});
