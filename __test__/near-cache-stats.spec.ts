// How a near cache is observed: by `stats()`, by tracing, and from another realm.
import { tracingChannel } from "node:diagnostics_channel";
import { beforeEach, describe, expect, it } from "vitest";
import { loadInRealm } from "./helpers/realm";
import { type Driver, engineOptions, useTable } from "./helpers/table";

const table = useTable();
const nearCache = { ttl: 3600 };
const cached = (options: object = {}) => table.driver({ batch: false, nearCache, ...options });
let driver: Driver;

beforeEach(() => {
  driver = cached();
});

describe("[NEAR-8] observation", () => {
  it("getInstance() is the same object, and stats() works detached", async () => {
    const store = driver.getInstance();
    expect(driver.getInstance()).toBe(store);
    expect(Object.keys(store)).toEqual([]);
    const { stats } = store;
    const none = { hits: 0, misses: 0, entries: 0, bytes: 0 };
    expect(stats()).toMatchObject({ requests: 0, operations: {}, nearCache: none });
    await driver.setItem("k", "v");
    await driver.getItem("k");
    await driver.getItem("k");
    expect(stats()).toMatchObject({
      requests: 2,
      operations: { getItem: { requests: 1 } },
      nearCache: { hits: 1, misses: 1, entries: 1 },
    });
    await driver.dispose();
    expect(stats().nearCache).toEqual({ hits: 1, misses: 1, entries: 0, bytes: 0 });
    const wrong = cached({ region: 7 });
    expect(() => wrong.getInstance()).toThrow("`region`");
  });

  it("hits are not published, misses are", async () => {
    const channel = tracingChannel("unstorage-dynamodb:request");
    const seen: any[] = [];
    const start = (call: any) => seen.push(call);
    channel.start.subscribe(start);
    try {
      await driver.setItem("k", "v");
      expect(await driver.getItem("k")).toBe("v");
      expect(await driver.getItem("k")).toBe("v");
      expect(await driver.getItems(["k", "none"])).toHaveLength(2);
    } finally {
      channel.start.unsubscribe(start);
    }
    expect(seen.map(({ operation, keys, attempts }) => [operation, keys, attempts])).toEqual([
      ["setItem", 1, 1],
      ["getItem", 1, 1],
      ["getItems", 1, 1],
    ]);
  });
});

it("[API-21] [NEAR-2] it works in a separate realm, as in Jest", async () => {
  const { exports, run } = loadInRealm();
  const inRealm = exports({ ...engineOptions(table.name), nearCache });
  const is = (value: unknown, name: string): boolean =>
    run(`(value) => value instanceof ${name}`)(value);
  await inRealm.setItem("k", "v");
  await inRealm.setItemRaw("bytes", Uint8Array.of(1));
  await inRealm.setItem("list", [1]);
  for (const _ of [1, 2]) {
    const reading = inRealm.getItem("k");
    expect([is(reading, "Promise"), await reading]).toEqual([true, "v"]);
    expect(await inRealm.getItemRaw("bytes")).toEqual(Buffer.of(1));
    expect(is(await inRealm.getItem("list"), "Array")).toBe(true);
    const items = await inRealm.getItems(["k", "bytes"]);
    expect([is(items, "Array"), is(items[0], "Object")]).toEqual([true, true]);
    expect(items[1].value).toEqual(Buffer.of(1));
  }
  const stats = inRealm.getInstance().stats();
  expect(stats.nearCache).toMatchObject({ hits: 5, entries: 2 });
  expect(is(stats, "Object")).toBe(true);
  await inRealm.dispose();
});
