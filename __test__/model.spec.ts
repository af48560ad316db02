// Random operations of every method, seeded, compared with a simple model. `TEST_SEED` replays a run.
import { describe, expect, it } from "vitest";
import { Lane, type LaneOptions } from "./helpers/lane";
import { seededRandom, testSeed } from "./helpers/random";
import { useTable } from "./helpers/table";
import { rawTypes, valueTypes } from "./helpers/values";

const operations = 10_000;
// Values of other types and most large ones are not kept.
const nearCache = { ttl: 3600, negativeTtl: 3600, maxBytes: 65_536 };
// No base contains another, so each lane sees only its own items.
const shared: LaneOptions[] = [
  { base: "a", batch: true, mtime: false, expireIn: 0 },
  { base: "ab", batch: false, mtime: true, expireIn: 0, compression: "gzip" },
  { base: "a-b:c", batch: true, mtime: true, expireIn: 1 },
  { base: "日本", batch: true, mtime: false, expireIn: 600, index: "keys" },
  { base: "#k", batch: true, mtime: false, expireIn: 600, compression: "gzip" },
  { base: "x".repeat(900), batch: true, mtime: true, expireIn: 0 },
  { base: "near", batch: true, mtime: false, expireIn: 600, compression: "gzip", nearCache },
  { base: "nearer", batch: false, mtime: true, expireIn: 1, nearCache },
  { base: "tagged", batch: true, mtime: false, expireIn: 0, etag: "etag" },
  { base: "large", batch: true, mtime: true, expireIn: 600, index: "keys", largeValues: {} },
];
const alone: LaneOptions[] = [
  { base: "", batch: true, mtime: false, expireIn: 0 },
  { base: "", batch: false, mtime: true, expireIn: 1, index: "keys", etag: "etag" },
];

const methods = "getItem getItemRaw hasItem getItems getMeta getKeys setItem setItemRaw setItems";
const expected = [...methods.split(" "), "removeItem", "clear"].map((name) => `method ${name}`);
expected.push(...[...valueTypes, ...rawTypes].map((type) => `value ${type}`));
expected.push("value large text");
expected.push("row past", "row future", "row text", "row bare");
expected.push("expiry long past", "expiry ran out", "condition met", "condition not met");

describe("random operations", () => {
  // A table with a key index also works for drivers without the option.
  const table = useTable({ index: "keys" });
  const others = alone.map(({ index }) => useTable({ ...(index && { index }) }));

  it("[API-15] agree with the model", async () => {
    const seed = testSeed();
    const counts = new Map<string, number>();
    const lanes = [...shared, ...alone].map((options, index) => {
      const own = options.base === "" ? others[index - shared.length]! : table;
      return new Lane(own, options, seededRandom(seed + index * 7919), counts);
    });
    const each = Math.ceil(operations / lanes.length);
    try {
      await Promise.all(lanes.map((lane) => lane.run(each)));
    } catch (error) {
      throw new Error(`TEST_SEED=${seed}: ${error.message}`, { cause: error });
    } finally {
      const lines = [...counts].sort().map(([what, count]) => `  ${count} × ${what}`);
      console.log(`model.spec.ts: TEST_SEED=${seed}\n${lines.join("\n")}`);
    }
    const stored = lanes.slice(0, shared.length).flatMap((lane) => lane.storedKeys());
    const items = (await table.keys()).filter((key) => !/\0[0-9a-f]{32}\.\d+$/.test(key));
    expect(items, `TEST_SEED=${seed}`).toEqual(stored.sort());
    for (const [index, other] of others.entries()) {
      expect(await other.keys()).toEqual(lanes[shared.length + index]!.storedKeys());
    }
    const called = [...counts].filter(([what]) => what.startsWith("method "));
    expect(called.reduce((sum, [, count]) => sum + count, 0)).toBe(lanes.length * Math.ceil(each));
    expect([...counts.keys()].sort()).toEqual(expected.sort());
    // Takes a minute on an idle machine. CI machines are slower.
  }, 240_000);
});
