// The option `nearCache` on an engine. near-cache-order.spec.ts tests its order and clocks, near-cache-stats.spec.ts how
// it is observed.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failureOf, refusalOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const nearCache = { ttl: 3600 };
let driver: Driver;

const cached = (options: object = {}, near: object = {}) =>
  table.driver({
    endpoint: recorder.endpoint,
    batch: false,
    nearCache: { ...nearCache, ...near },
    ...options,
  });
const counts = (of = driver) => of.getInstance().stats().nearCache;

beforeEach(() => {
  driver = cached();
});
afterEach(async () => {
  vi.useRealTimers();
  await table.empty();
});

/** Returns how many requests a call sends. */
async function requestsOf(call: () => Promise<unknown>): Promise<number> {
  const before = recorder.exchanges.length;
  await call();
  return recorder.exchanges.length - before;
}

describe("[NEAR-1] the option", () => {
  it.each<[unknown, string]>([
    [true, "`nearCache` must be false or an object { ttl, maxBytes?, negativeTtl? }"],
    [5, "`nearCache`"],
    [{}, "`nearCache.ttl` must be a number of seconds above 0 to 86400"],
    [{ ttl: 0 }, "`nearCache.ttl`"],
    [{ ttl: "soon" }, "`nearCache.ttl`"],
    [{ ttl: 1, maxBytes: 1 }, "`nearCache.maxBytes` must be a whole number from 65536"],
    [{ ttl: 1, negativeTtl: -1 }, "`nearCache.negativeTtl`"],
  ])("%j is invalid", async (given, message) => {
    const error = await refusalOf(recorder, { nearCache: given });
    expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(error.message).toContain(message);
  });

  it.each([undefined, null, false, "", "false"])("%j turns it off", async (off) => {
    const plain = table.driver({ endpoint: recorder.endpoint, nearCache: off });
    await plain.setItem("k", "v");
    expect(await requestsOf(() => plain.getItem("k"))).toBe(1);
    expect(await requestsOf(() => plain.getItem("k"))).toBe(1);
    expect(await plain.getItems(["k"])).toEqual([{ key: "k", value: "v" }]);
    expect(plain.getInstance().stats()).not.toHaveProperty("nearCache");
  });

  it("numeric strings and fractions are valid, and shown", async () => {
    const near = { ttl: "0.5", maxBytes: "65536", negativeTtl: 0.25 };
    const one = cached({ nearCache: near });
    expect(await one.getItem("none")).toBeNull();
    expect(one.options).toMatchObject({ nearCache: near });
  });
});

describe("[NEAR-2] a hit", () => {
  it("answers getItem, getItemRaw, hasItem and getItems without a request", async () => {
    await driver.setItem("k", "v");
    expect(await requestsOf(() => driver.getItem("k"))).toBe(1);
    const hits = await requestsOf(async () => {
      expect(await driver.getItem("k")).toBe("v");
      expect(await driver.getItemRaw("k")).toBe("v");
      expect(await driver.hasItem("k")).toBe(true);
      expect(await driver.getItems(["k", { key: "k" }])).toEqual([
        { key: "k", value: "v" },
        { key: "k", value: "v" },
      ]);
    });
    expect(hits).toBe(0);
    expect(counts()).toMatchObject({ hits: 5, misses: 1, entries: 1 });
  });

  it("is not synchronous", () => {
    expect(driver.getItem("k")).toBeInstanceOf(Promise);
  });

  it("getItems requests what is missing in one call and keeps the order", async () => {
    const batching = cached({ batch: true });
    for (const key of ["a", "b", "c"]) await table.putRow(key, { value: { S: `of ${key}` } });
    await batching.getItem("b");
    const items = ["a", { key: "b" }, "none", "c", "a"];
    const expected = [
      { key: "a", value: "of a" },
      { key: "b", value: "of b" },
      { key: "none", value: null },
      { key: "c", value: "of c" },
      { key: "a", value: "of a" },
    ];
    recorder.forget();
    expect(await batching.getItems(items)).toEqual(expected);
    expect(recorder.operations()).toEqual(["BatchGetItem"]);
    const [{ body }] = recorder.exchanges as [any];
    expect(JSON.stringify(body)).not.toContain('"b"');
    expect(await batching.getItems(items)).toEqual(expected);
    // What is missing is not kept; one key is no batch.
    expect(recorder.operations()).toEqual(["BatchGetItem", "GetItem"]);
  });

  it("has bytes of its own", async () => {
    await driver.setItemRaw("k", Uint8Array.of(1, 2, 3));
    const expected = Buffer.of(1, 2, 3);
    for (const method of ["getItemRaw", "getItemRaw", "getItem"] as const) {
      const bytes = await driver[method]("k");
      expect(bytes).toEqual(expected);
      expect(bytes.buffer.byteLength).toBe(3);
      bytes.fill(9);
    }
    const [item] = await driver.getItems(["k"]);
    item!.value.fill(9);
    expect(await driver.getItemRaw("k")).toEqual(expected);
  });

  it("respects that getItemRaw decodes `base64:`", async () => {
    const text = "base64:AQI=";
    await driver.setItem("k", text);
    for (const _ of [1, 2]) {
      expect(await driver.getItem("k")).toBe(text);
      expect(await driver.getItem("k")).toBe(text);
      expect(await driver.getItemRaw("k")).toEqual(Buffer.of(1, 2));
      expect(await driver.getItemRaw("k")).toEqual(Buffer.of(1, 2));
    }
    expect(counts()).toMatchObject({ hits: 4, misses: 4 });
  });

  it.each<[string, any, unknown]>([
    ["a number", { N: "1" }, 1],
    ["null", { NULL: true }, null],
    ["a list", { L: [{ S: "a" }] }, ["a"]],
    ["an object with a value", { M: { value: { S: "a" } } }, { value: "a" }],
    ["a Set", { SS: ["a"] }, new Set(["a"])],
  ])("there is none of other types: %s", async (_, stored, expected) => {
    const negative = cached({}, { negativeTtl: 3600 });
    await table.putRow("k", { value: stored });
    expect(await requestsOf(() => negative.getItem("k"))).toBe(1);
    expect(await requestsOf(() => negative.getItems(["k"]))).toBe(1);
    expect(await negative.getItem("k")).toEqual(expected);
    expect(await negative.getItems(["k"])).toEqual([{ key: "k", value: expected }]);
    expect(counts(negative)).toMatchObject({ entries: 0, hits: 0 });
  });

  it("there is none for a value over an eighth of `maxBytes`", async () => {
    const small = cached({}, { maxBytes: 65_536 });
    await small.setItem("k", "v".repeat(4096));
    await small.setItem("small", "v".repeat(3800));
    for (const key of ["k", "k", "small", "small"]) await small.getItem(key);
    expect(counts(small)).toMatchObject({ entries: 1, hits: 1 });
  });
});

it("[NEAR-3] a value is not returned after its expiry", async () => {
  const second = Math.floor(Date.now() / 1000) + 1000;
  for (const key of ["a", "b", "c"]) {
    await table.putRow(key, { value: { S: "v" }, ttl: { N: String(second) } });
  }
  const readAll = async () => [
    await driver.getItem("a"),
    await driver.getItemRaw("b"),
    ...(await driver.getItems(["c"])).map(({ value }) => value),
  ];
  expect(await requestsOf(readAll)).toBe(3);
  vi.useFakeTimers({ toFake: ["Date"], now: second * 1000 + 999 });
  expect(await requestsOf(readAll)).toBe(0);
  vi.setSystemTime(second * 1000 + 1000);
  expect(await requestsOf(readAll)).toBe(3);
});

it("[NEAR-3] a missing value is kept for `negativeTtl`", async () => {
  const negative = cached({}, { negativeTtl: 3600 });
  await table.putRow("expired", { value: { S: "v" }, ttl: { N: "1" } });
  for (const key of ["none", "expired", "k".repeat(3000)]) {
    await negative.getItem(key);
    expect(await requestsOf(() => negative.getItem(key))).toBe(0);
    expect(await negative.hasItem(key)).toBe(false);
    expect(await negative.getItemRaw(key)).toBeNull();
  }
  await negative.setItem("none", "v");
  expect(await negative.getItem("none")).toBe("v");
  expect(await requestsOf(() => driver.getItem("none too"))).toBe(1);
  expect(await requestsOf(() => driver.getItem("none too"))).toBe(1);
});

describe("[NEAR-4] these reads always send a request", () => {
  beforeEach(async () => {
    await driver.setItem("k", "old");
    await driver.getItem("k");
    await table.putRow("k", { value: { S: "new" } });
  });

  it("consistent ones", async () => {
    const strict = { consistentRead: true };
    expect(await driver.getItem("k", strict)).toBe("new");
    expect(await driver.getItemRaw("k", strict)).toBe("new");
    expect(await requestsOf(() => driver.hasItem("k", strict))).toBe(1);
    const fresh = [{ key: "k", value: "new" }];
    expect(await driver.getItems(["k"], strict)).toEqual(fresh);
    expect(await driver.getItems([{ key: "k", options: strict }])).toEqual(fresh);
    expect(await driver.getItem("k", { consistentRead: "true" } as object)).toBe("new");
    expect(await driver.getItem("k", { consistentRead: false })).toBe("old");
    expect(counts()).toMatchObject({ hits: 1 });
  });

  it("those of a driver that reads consistently, unless the call does not", async () => {
    const strict = cached({ consistentRead: true });
    expect(await requestsOf(() => strict.getItem("k"))).toBe(1);
    expect(await requestsOf(() => strict.getItem("k"))).toBe(1);
    const eventual = { consistentRead: false };
    expect(await requestsOf(() => strict.getItem("k", eventual))).toBe(1);
    expect(await requestsOf(() => strict.getItem("k", eventual))).toBe(0);
  });

  it("getMeta and getKeys", async () => {
    expect(await requestsOf(() => driver.getMeta("k"))).toBe(1);
    expect(await requestsOf(() => driver.getKeys())).toBe(1);
    expect(await driver.getMeta("k")).toEqual({ size: 3 });
  });

  it("those with an aborted or invalid signal, which reject", async () => {
    const { signal } = new AbortController();
    expect(await driver.getItem("k", { signal })).toBe("old");
    const invalid = [1, { aborted: false }];
    for (const wrong of [AbortSignal.abort(), ...invalid]) {
      const options: object = { signal: wrong };
      for (const call of [driver.getItem("k", options), driver.getItems(["k"], options)]) {
        expect((await failureOf(call)).code).toMatch(/ABORTED|INVALID_ARGUMENT/);
      }
    }
  });

  it("those whose options or items throw, which reject as without the cache", async () => {
    const cause = new Error("from the getter");
    const getter = {
      get consistentRead(): boolean {
        throw cause;
      },
    };
    const items: any[] = [{ key: "k", options: getter }];
    for (const call of [driver.getItem("k", getter), driver.getItems(items)]) {
      expect(await failureOf(call)).toMatchObject({ code: "ERR_DYNAMODB_INTERNAL", cause });
    }
    const wrong: any = 5;
    expect((await failureOf(driver.getItems(wrong))).code).toBe("ERR_DYNAMODB_INVALID_ARGUMENT");
    expect((await failureOf(driver.getItem(wrong))).code).toBe("ERR_DYNAMODB_INVALID_KEY");
    expect((await failureOf(driver.setItems(wrong))).code).toBe("ERR_DYNAMODB_INVALID_ARGUMENT");
  });
});

describe("[NEAR-5] writes of this driver are seen at once", () => {
  const writes: [string, string | null, () => Promise<void>][] = [
    ["setItem", "new", () => driver.setItem("k", "new")],
    ["setItemRaw", "new", () => driver.setItemRaw("k", "new")],
    ["setItems", "new", () => driver.setItems([{ key: "k", value: "new" }])],
    ["removeItem", null, () => driver.removeItem("k")],
    ["clear", null, () => driver.clear("")],
  ];
  it.each(writes)("%s", async (_, expected, write) => {
    await driver.setItem("k", "old");
    await driver.setItem("other", "kept");
    await driver.getItems(["k", "other"]);
    await write();
    expect(await driver.getItem("k")).toBe(expected);
    expect(await driver.hasItem("k")).toBe(expected !== null);
  });

  it.each(writes)("%s that fails, whose outcome is unknown", async (_, _value, write) => {
    await driver.setItem("k", "old");
    await driver.getItem("k");
    recorder.spoil(({ operation }) => {
      const isRead = operation === "GetItem";
      return isRead ? undefined : serviceError("ValidationException", "no");
    });
    await failureOf(write());
    recorder.spoil(() => undefined);
    await table.putRow("k", { value: { S: "new" } });
    expect(await driver.getItem("k")).toBe("new");
  });

  it("only the keys that are written are dropped, and by clear all", async () => {
    const keys = ["a:1", "a:2", "b:1"];
    await driver.setItems(keys.map((key) => ({ key, value: key })));
    await driver.getItems(keys);
    await driver.setItems([{ key: "a:1", value: "new" }]);
    expect(counts()).toMatchObject({ entries: 2 });
    await driver.clear("b");
    expect(counts()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it("dispose empties the cache for good", async () => {
    await driver.setItem("k", "v");
    await driver.getItem("k");
    recorder.hold();
    const reading = driver.getItem("other");
    await expect.poll(() => recorder.inFlight).toBe(1);
    const disposed = driver.dispose();
    expect((await failureOf(driver.getItem("k"))).code).toBe("ERR_DYNAMODB_CLOSED");
    recorder.release();
    await Promise.allSettled([reading, disposed]);
    expect(counts()).toMatchObject({ entries: 0, bytes: 0 });
    const unused = cached();
    await unused.dispose();
    expect((await failureOf(unused.getItem("k"))).code).toBe("ERR_DYNAMODB_CLOSED");
    expect((await failureOf(driver.getItems([]))).code).toBe("ERR_DYNAMODB_CLOSED");
  });
});

describe("[NEAR-6] misses", () => {
  it("of one key share a request: 100 at once", async () => {
    await driver.setItem("k", "v");
    recorder.forget();
    recorder.hold();
    const reads = Array.from({ length: 100 }, () => driver.getItem("k"));
    await expect.poll(() => recorder.inFlight).toBe(1);
    recorder.release();
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["v"]));
    await driver.getItem("k");
    expect(recorder.operations()).toEqual(["GetItem"]);
    expect(counts()).toMatchObject({ hits: 1, misses: 100, entries: 1 });
  });

  it("that fail are not kept, and reject as without the cache", async () => {
    await driver.setItem("k", "v");
    recorder.spoil(() => serviceError("ValidationException", "no"));
    const theCaller = async () => await driver.getItem("k");
    const error = await failureOf(theCaller());
    expect(error).toMatchObject({
      code: "ERR_DYNAMODB_VALIDATION",
      operation: "getItem",
      key: "k",
    });
    expect(error.stack).toContain("theCaller");
    recorder.spoil(() => undefined);
    expect(await driver.getItem("k")).toBe("v");
    expect(counts()).toMatchObject({ entries: 1 });
  });
});

it("[NEAR-7] the least recently used entries are displaced", async () => {
  const small = cached({}, { maxBytes: 65_536 });
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
  await small.setItems(keys.map((key) => ({ key, value: key.padEnd(2600) })));
  for (const key of keys) {
    await small.getItem(key);
    await small.getItem("k0");
  }
  const { entries, bytes } = counts(small)!;
  expect(entries).toBeGreaterThan(5);
  expect(entries).toBeLessThan(keys.length);
  expect(bytes).toBeLessThanOrEqual(65_536);
  expect(await requestsOf(() => small.getItem("k0"))).toBe(0);
  expect(await requestsOf(() => small.getItem("k19"))).toBe(0);
  expect(await requestsOf(() => small.getItem("k1"))).toBe(1);
});
