// getItems and setItems on a real engine. tests/batches.rs tests the exact requests.
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { batchSize, leaveOver } from "./helpers/split.mjs";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

function newItems(prefix: string, count: number): { key: string; value: any }[] {
  return numbered(prefix, count).map((key) => ({ key, value: `of ${key}` }));
}

const rowsOf = (items: { key: string; value: string }[]) =>
  items.map(({ key, value }) => ({ key: { S: key }, value: { S: value } }));

const recorded = (options: object = {}): any =>
  table.driver({ endpoint: recorder.endpoint, ...options });

describe("how many requests", () => {
  it.each([
    ["getItems", 0, []],
    ["getItems", 1, ["GetItem"]],
    ["getItems", 2, ["BatchGetItem"]],
    ["getItems", 100, ["BatchGetItem"]],
    ["getItems", 101, ["BatchGetItem", "BatchGetItem"]],
    ["setItems", 0, []],
    ["setItems", 1, ["PutItem"]],
    ["setItems", 25, ["BatchWriteItem"]],
    ["setItems", 26, ["BatchWriteItem", "BatchWriteItem"]],
  ])("[BAT-2] [BAT-4] %s of %d: %j", async (method, count, operations) => {
    const items = newItems("count", count);
    const found = await recorded()[method](items);
    expect(recorder.operations()).toEqual(operations);
    const isRead = method === "getItems";
    expect(found).toEqual(isRead ? items.map(({ key }) => ({ key, value: null })) : undefined);
    expect(await table.driver().getKeys("count")).toHaveLength(isRead ? 0 : count);
    await table.driver().clear("count");
  });
});

describe("getItems", () => {
  it.each([
    [undefined, "it is nothing"],
    [null, "it is nothing"],
    ["k", "it is a string"],
    [{ key: "k" }, "it is an object"],
    [new Set(["k"]), "it is an object"],
  ])("[BAT-11] %j in the place of the array is refused, as by setItems", async (items, found) => {
    for (const operation of ["getItems", "setItems"]) {
      const error = await failureOf(recorded()[operation](items));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain(`\`items\` must be an array of items; ${found}`);
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[BAT-1] one result per requested item, in order, including missing items and duplicates", async () => {
    const driver = table.driver();
    await table.putRow("get:a", { value: { S: "one" } });
    await table.putRow("get:b", { value: { M: { n: { N: "2" } } } });
    await table.putRow("get:empty", { value: { S: "" } });
    await table.putRow("get:null", { value: { NULL: true } });
    await table.putRow("get:expired", { value: { S: "v" }, ttl: { N: "1000000000" } });
    await table.putRow("get:bare", {});
    const values: Record<string, unknown> = { a: "one", b: { n: 2 }, empty: "" };
    const names = "b missing a expired b bare empty missing null".split(" ");
    const expected = names.map((name) => ({ key: `get:${name}`, value: values[name] ?? null }));
    expect(await driver.getItems(expected.map(({ key }) => ({ key })))).toEqual(expected);
    const found = await driver.getItems(expected.map(({ key }) => key));
    expect(found).toEqual(expected);
    // Two results for the same key are separate objects.
    expect(found[0]?.value).not.toBe(found[4]?.value);
  });

  it("[BAT-1] [BAT-2] 1,000 keys and 500 duplicates in 10 requests, 4 at a time", async () => {
    const items = newItems("thousand", 1000);
    await table.putRows(rowsOf(items));
    recorder.delay(200);
    const asked = [...items, ...items.slice(0, 500).toReversed()];
    expect(await recorded().getItems(asked.map(({ key }) => key))).toEqual(asked);
    expect(recorder.operations()).toEqual(Array(10).fill("BatchGetItem"));
    expect(recorder.peak).toBe(4);
  });

  it("[BAT-1] more than 16 MB, which DynamoDB returns in parts", async () => {
    const items = numbered("large", 70).map((key) => ({ key, value: key + "x".repeat(300_000) }));
    const driver = table.driver();
    await driver.setItems(items);
    const found: typeof items = await recorded().getItems(items);
    expect(found).toHaveLength(70);
    expect(found.every(({ value }, index) => value === items[index]!.value)).toBe(true);
    await driver.clear("large");
  }, 60_000);

  it("[BAT-3] unprocessed keys are requested again", async () => {
    const items = newItems("over", 250);
    await table.putRows(rowsOf(items));
    recorder.spoil(leaveOver("BatchGetItem", 3));
    expect(await recorded().getItems(items)).toEqual(items);
    const asked = recorder.of("BatchGetItem").map(({ request }) => batchSize(request));
    expect(asked.length).toBeGreaterThan(9);
    expect(asked.slice(0, 3).sort((one, two) => one - two)).toEqual([50, 100, 100]);
  }, 60_000);

  it("[BAT-3] without progress, delays grow and the final error counts the unprocessed keys", async () => {
    recorder.spoil(({ request }) => ({
      status: 200,
      body: { Responses: {}, UnprocessedKeys: request.RequestItems },
    }));
    const error = await failureOf(recorded({ timeout: 2000 }).getItems(numbered("stuck", 7)));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_THROTTLED", retryable: true });
    expect(error).toMatchObject({ operation: "getItems", table: table.name });
    expect(error.message).toMatch(/\b7 of the 7\b/);
    // Without backoff, there would be hundreds.
    expect(recorder.exchanges.length).toBeLessThan(40);
  });
});

describe("setItems", () => {
  it.each([
    [{ ttl: 100 }, 100],
    [undefined, 1000],
    [{ ttl: 0 }, undefined],
  ])("[BAT-4] an item's ttl over the common one (%j) over the default", async (common, left) => {
    const driver = table.driver({ expireIn: 1000 });
    const given = [{ ttl: 10 }, { ttl: 0 }, {}, { ttl: null }, undefined];
    const items = given.map((options, n) => ({ key: `ttl:${n}`, value: "v", options }));
    await driver.setItems(items, common);
    const metas = await Promise.all(items.map(({ key }) => driver.getMeta(key)));
    const rounded = metas.map((meta) => meta?.ttl && Math.round(meta.ttl / 10) * 10);
    expect(rounded).toEqual([10, undefined, left, left, left]);
  });

  it("[BAT-5] [BAT-7] 1,000 items, some unprocessed at first: resolved means stored", async () => {
    recorder.spoil(leaveOver("BatchWriteItem", 2, 60));
    const items = newItems("thousand items", 1000);
    await recorded().setItems(items);
    const sizes = recorder.of("BatchWriteItem").map(({ request }) => batchSize(request));
    expect(Math.max(...sizes)).toBe(25);
    expect(sizes.length).toBeGreaterThan(60);
    expect(recorder.peak).toBeLessThanOrEqual(4);
    expect(await table.driver().getItems(items)).toEqual(items);
    await table.driver().clear("thousand items");
  }, 60_000);

  it("[BAT-6] the last write of a repeated key wins, with its ttl", async () => {
    const first = { key: "twice", value: "first", options: { ttl: 100 } };
    await recorded().setItems([first, { key: "once", value: "v" }, { key: "twice", value: [1] }]);
    expect(await table.getRow("twice")).toEqual({
      key: { S: "twice" },
      value: { L: [{ N: "1" }] },
    });
    expect(recorder.operations()).toEqual(["BatchWriteItem"]);
  });

  it("[BAT-7] rejected: `keys` lists every key that may not have been written", async () => {
    recorder.spoil(({ request }) =>
      JSON.stringify(request).includes("part:30")
        ? serviceError("SomethingNewException", "no")
        : undefined,
    );
    const items = newItems("part", 300);
    const error = await failureOf(recorded().setItems(items));
    expect(error).toMatchObject({ name: "SomethingNewException", operation: "setItems" });
    const stored = new Set(await table.keys());
    const missing = items.map(({ key }) => key).filter((key) => !stored.has(key));
    expect(error.keys).toEqual(expect.arrayContaining(missing));
    // The failed batch, and those that had not started.
    expect(missing).toEqual(expect.arrayContaining(numbered("part", 50).slice(25)));
    expect([...stored]).toEqual(expect.arrayContaining(numbered("part", 25)));
    expect(error.message).toContain(`${error.keys.length} items are not known to be written`);
    // They can be written again.
    recorder.reset();
    await recorded().setItems(items.filter(({ key }) => error.keys.includes(key)));
    expect(await table.driver().getKeys("part")).toHaveLength(300);
  });

  const bad = { key: "bad:x", value: "v" };
  it.each<[string, string, unknown, unknown]>([
    ["a key", "INVALID_KEY", { ...bad, key: "" }, undefined],
    ["no key", "INVALID_KEY", { value: "v" }, undefined],
    ["no object", "INVALID_KEY", "bad:x", undefined],
    ["a value", "INVALID_VALUE", { ...bad, value: () => {} }, undefined],
    ["no value", "INVALID_VALUE", { key: "bad:x" }, undefined],
    ["a size", "ITEM_TOO_LARGE", { ...bad, value: "x".repeat(409_600) }, undefined],
    ["a ttl", "INVALID_ARGUMENT", { ...bad, options: { ttl: -1 } }, undefined],
    ["the common ttl", "INVALID_ARGUMENT", bad, { ttl: "soon" }],
  ])("[BAT-7] %s that is refused: so is all, before any request", async (_, code, one, common) => {
    const others = newItems("bad", 33);
    const error = await failureOf(recorded().setItems(others.toSpliced(30, 0, one as any), common));
    expect(error).toMatchObject({ code: `ERR_DYNAMODB_${code}`, operation: "setItems" });
    expect(error.keys).toEqual(expect.arrayContaining(others.map(({ key }) => key)));
    expect(recorder.exchanges).toEqual([]);
  });

  it("[BAT-8] an item that DynamoDB rejects does not prevent others from being stored", async () => {
    // Outside DynamoDB's range of numbers, which only DynamoDB checks.
    const items = [...newItems("range", 60), { key: "range:bad", value: 10n ** 200n }];
    const { code, key, keys } = await failureOf(recorded().setItems(items));
    expect([code, key, keys]).toEqual(["ERR_DYNAMODB_VALIDATION", "range:bad", ["range:bad"]]);
    const found = await table.driver().getItems(items);
    expect(found).toEqual([...items.slice(0, 60), { key: "range:bad", value: null }]);
  });
});
