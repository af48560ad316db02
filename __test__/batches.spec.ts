// getItems and setItems on a real engine. Requests that hardly vary are proved in tests/batches.rs.
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { batchSize, leaveOver } from "./helpers/split.mjs";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const past = { N: "1000000000" };

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

function newItems(prefix: string, count: number): { key: string; value: any }[] {
  return numbered(prefix, count).map((key) => ({ key, value: `of ${key}` }));
}

const recorded = (options: object = {}) =>
  table.driver({ endpoint: recorder.endpoint, ...options });

describe("getItems", () => {
  it.each([
    [undefined, "it is nothing"],
    [null, "it is nothing"],
    ["k", "it is a string"],
    [{ key: "k" }, "it is an object"],
    [new Set(["k"]), "it is an object"],
  ])("[BAT-11] %j in the place of the array is refused, as by setItems", async (items, found) => {
    for (const operation of ["getItems", "setItems"] as const) {
      const error = await failureOf((recorded() as any)[operation](items));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain("`items` must be an array");
      expect(error.message).toContain(found);
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[BAT-1] one answer per item asked, in order, with gaps and duplicates filled", async () => {
    const driver = table.driver();
    await table.putRow("get:a", { value: { S: "one" } });
    await table.putRow("get:b", { value: { M: { n: { N: "2" } } } });
    await table.putRow("get:empty", { value: { S: "" } });
    await table.putRow("get:null", { value: { NULL: true } });
    await table.putRow("get:expired", { value: { S: "v" }, ttl: past });
    await table.putRow("get:bare", {});
    const expected = [
      { key: "get:b", value: { n: 2 } },
      { key: "get:missing", value: null },
      { key: "get:a", value: "one" },
      { key: "get:expired", value: null },
      { key: "get:b", value: { n: 2 } },
      { key: "get:bare", value: null },
      { key: "get:empty", value: "" },
      { key: "get:missing", value: null },
      { key: "get:null", value: null },
    ];
    expect(await driver.getItems(expected.map(({ key }) => ({ key })))).toEqual(expected);
    expect(await driver.getItems(expected.map(({ key }) => key))).toEqual(expected);
    // The two answers for one key are two objects.
    const [first, , , , again] = await driver.getItems(expected);
    expect(first?.value).not.toBe(again?.value);
  });

  it.each([
    [0, []],
    [1, ["GetItem"]],
    [2, ["BatchGetItem"]],
    [100, ["BatchGetItem"]],
    [101, ["BatchGetItem", "BatchGetItem"]],
  ])("[BAT-2] %d keys: %j", async (count, operations) => {
    const keys = numbered("count", count);
    const found = await recorded().getItems(keys);
    expect(found).toEqual(keys.map((key) => ({ key, value: null })));
    expect(recorder.operations()).toEqual(operations);
  });

  it("[BAT-1] [BAT-2] 1,000 keys and 500 duplicates in 10 requests, 4 at a time", async () => {
    await table.putRows(
      numbered("thousand", 1000).map((key) => ({ key: { S: key }, value: { S: `of ${key}` } })),
    );
    recorder.delay(200);
    const keys = [...numbered("thousand", 1000), ...numbered("thousand", 500).toReversed()];
    const found = await recorded().getItems(keys);
    expect(found).toEqual(keys.map((key) => ({ key, value: `of ${key}` })));
    expect(recorder.operations()).toEqual(Array.from({ length: 10 }, () => "BatchGetItem"));
    expect(recorder.peak).toBe(4);
  }, 30_000);

  it("[BAT-1] more than 16 MB, which DynamoDB answers in parts", async () => {
    const value = "x".repeat(300_000);
    const driver = table.driver();
    const keys = numbered("large", 70);
    await driver.setItems(keys.map((key) => ({ key, value: key + value })));
    const found = await recorded().getItems(keys);
    expect(found.every((item, index) => item.value === keys[index]! + value)).toBe(true);
    expect(found).toHaveLength(70);
    await driver.clear("large");
  }, 60_000);

  it("[BAT-3] what was left over is asked for again", async () => {
    const keys = numbered("over", 250);
    await table.putRows(keys.map((key) => ({ key: { S: key }, value: { S: key } })));
    recorder.spoil(leaveOver("BatchGetItem", 3));
    const found = await recorded().getItems(keys);
    expect(found).toEqual(keys.map((key) => ({ key, value: key })));
    const asked = recorder.of("BatchGetItem").map(({ request }) => batchSize(request));
    expect(asked.length).toBeGreaterThan(9);
    expect(asked.slice(0, 3).sort((one, two) => one - two)).toEqual([50, 100, 100]);
  }, 60_000);

  it("[BAT-3] nothing moves: waits grow, and after 15 s the error counts what is left", async () => {
    recorder.spoil(({ operation, request }) =>
      operation === "BatchGetItem"
        ? { status: 200, body: { Responses: {}, UnprocessedKeys: request.RequestItems } }
        : undefined,
    );
    const begin = Date.now();
    const error = await failureOf(recorded().getItems(numbered("stuck", 7)));
    const elapsed = Date.now() - begin;
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_THROTTLED", retryable: true });
    expect(error).toMatchObject({ operation: "getItems", table: table.name });
    expect(error.message).toMatch(/\b7 of the 7\b/);
    // It gives up where the next wait, of 5 s at most, would pass the deadline.
    expect(elapsed).toBeGreaterThan(8_000);
    expect(elapsed).toBeLessThan(17_000);
    // Without growing waits there would be hundreds.
    expect(recorder.exchanges.length).toBeGreaterThan(4);
    expect(recorder.exchanges.length).toBeLessThan(60);
  }, 25_000);
});

describe("setItems", () => {
  it.each([
    [0, []],
    [1, ["PutItem"]],
    [25, ["BatchWriteItem"]],
    [26, ["BatchWriteItem", "BatchWriteItem"]],
  ])("[BAT-4] %d items: %j", async (count, operations) => {
    expect(await recorded().setItems(newItems("put", count))).toBeUndefined();
    expect(recorder.operations()).toEqual(operations);
    const keys = (await table.keys()).filter((key) => key.startsWith("put:"));
    expect(keys).toHaveLength(count);
    await table.driver().clear("put");
  });

  it("[BAT-4] the ttl of an item over the common one over the default", async () => {
    const driver = table.driver({ expireIn: 1000 });
    const items = [
      { key: "ttl:own", value: "v", options: { ttl: 10 } },
      { key: "ttl:none", value: "v", options: { ttl: 0 } },
      { key: "ttl:common", value: "v", options: {} },
      { key: "ttl:null", value: "v", options: { ttl: null } },
      { key: "ttl:plain", value: "v" },
    ];
    const left = async (name: string): Promise<number | undefined> => {
      const second = (await table.getRow(`ttl:${name}`))?.ttl?.N;
      return second === undefined
        ? undefined
        : Math.round((Number(second) - Date.now() / 1000) / 10) * 10;
    };
    const all = async () => Promise.all(["own", "none", "common", "null", "plain"].map(left));
    await driver.setItems(items, { ttl: 100 });
    expect(await all()).toEqual([10, undefined, 100, 100, 100]);
    await driver.setItems(items);
    expect(await all()).toEqual([10, undefined, 1000, 1000, 1000]);
    await driver.setItems(items, { ttl: 0 });
    expect(await all()).toEqual([10, undefined, undefined, undefined, undefined]);
  });

  it("[BAT-5] [BAT-7] 1,000 items with leftovers: resolved means stored", async () => {
    recorder.spoil(leaveOver("BatchWriteItem", 2, 60));
    const items = newItems("thousand items", 1000);
    await recorded().setItems(items);
    const sizes = recorder.of("BatchWriteItem").map(({ request }) => batchSize(request));
    expect(Math.max(...sizes)).toBe(25);
    expect(sizes.length).toBeGreaterThan(60);
    expect(recorder.peak).toBeLessThanOrEqual(4);
    const found = await table.driver().getItems(items);
    expect(found).toEqual(items);
    await table.driver().clear("thousand items");
  }, 60_000);

  it("[BAT-6] the last write of a repeated key wins, with its ttl", async () => {
    const driver = recorded();
    await driver.setItems([
      { key: "twice", value: "first", options: { ttl: 100 } },
      { key: "once", value: "v" },
      { key: "twice", value: ["last"] },
    ]);
    expect(await driver.getItem("twice")).toEqual(["last"]);
    expect(await table.getRow("twice")).not.toHaveProperty("ttl");
    expect(recorder.of("BatchWriteItem")).toHaveLength(1);
  });

  it("[BAT-7] rejected: `keys` lists every key that is not known to be written", async () => {
    recorder.spoil(({ operation, request }) =>
      operation === "BatchWriteItem" && JSON.stringify(request).includes("part:30")
        ? serviceError("SomethingNewException", "no")
        : undefined,
    );
    const items = newItems("part", 300);
    const error = await failureOf(recorded().setItems(items));
    expect(error).toMatchObject({ name: "SomethingNewException", operation: "setItems" });
    const stored = new Set(await table.keys());
    const missing = items.map(({ key }) => key).filter((key) => !stored.has(key));
    expect(error.keys).toEqual(expect.arrayContaining(missing));
    // The failed batch, and those that had not begun.
    expect(missing).toEqual(expect.arrayContaining(numbered("part", 50).slice(25)));
    for (const key of numbered("part", 25)) expect(stored.has(key)).toBe(true);
    expect(error.message).toContain(`${error.keys.length} items are not known to be written`);
    // What was told to be missing may be written again.
    recorder.reset();
    await recorded().setItems(items.filter(({ key }) => error.keys.includes(key)));
    expect((await table.keys()).filter((key) => key.startsWith("part:"))).toHaveLength(300);
  }, 30_000);

  const tooLarge = { key: "bad:x", value: "x".repeat(409_600) };
  it.each<[string, string, unknown, unknown]>([
    ["a key", "INVALID_KEY", { key: "", value: "v" }, undefined],
    ["no key", "INVALID_KEY", { value: "v" }, undefined],
    ["no object", "INVALID_KEY", "bad:x", undefined],
    ["a value", "INVALID_VALUE", { key: "bad:x", value: () => {} }, undefined],
    ["no value", "INVALID_VALUE", { key: "bad:x" }, undefined],
    ["a size", "ITEM_TOO_LARGE", tooLarge, undefined],
    ["a ttl", "INVALID_ARGUMENT", { key: "bad:x", value: "v", options: { ttl: -1 } }, undefined],
    ["the common ttl", "INVALID_ARGUMENT", { key: "bad:x", value: "v" }, { ttl: "soon" }],
  ])(
    "[BAT-7] %s that is refused: the whole is, before any request",
    async (_, code, bad, common) => {
      const items: any = [...newItems("bad", 30), bad, ...newItems("bad", 3)];
      const error = await failureOf(recorded().setItems(items, common as never));
      expect(error).toMatchObject({ code: `ERR_DYNAMODB_${code}`, operation: "setItems" });
      expect(error.keys).toEqual(
        expect.arrayContaining([...numbered("bad", 30), ...numbered("bad", 3)]),
      );
      expect(recorder.exchanges).toEqual([]);
    },
  );

  it("[BAT-8] one item that DynamoDB refuses does not keep the others from being stored", async () => {
    // Beyond DynamoDB's range of numbers, which only DynamoDB judges.
    const items = [...newItems("range", 60), { key: "range:bad", value: 10n ** 200n }];
    const error = await failureOf(recorded().setItems(items));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_VALIDATION", keys: ["range:bad"] });
    expect(error.key).toBe("range:bad");
    const found = await table.driver().getItems(items);
    expect(found.filter(({ value }) => value === null)).toEqual([
      { key: "range:bad", value: null },
    ]);
  });
});
