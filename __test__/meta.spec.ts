import { setTimeout as sleep } from "node:timers/promises";
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { describe, expect, it } from "vitest";
import { useRecorder } from "./helpers/recorder";
import { type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("size and remaining time", () => {
  const sizes: [string, unknown, number][] = [
    ["text", "text", 4],
    ["text in UTF-8 bytes", "€😀", 7],
    ["the empty text", "", 0],
    ["bytes", new Uint8Array(300), 300],
    ["a boolean", true, 1],
    ["null", null, 1],
    ["a number, two digits a byte and one more", 1234, 3],
    ["a set of strings", new Set(["ab", "c"]), 3],
    ["a list, 3 bytes and one per element", ["ab", "c"], 8],
    ["a map, its names too", { name: "ab" }, 10],
  ];
  it.each(sizes)("[META-1] the size of %s", async (_, value, size) => {
    const driver: any = table.driver();
    await driver.setItem("sized", value);
    expect(await driver.getMeta("sized")).toEqual({ size });
  });

  it("[META-1] [META-3] ttl is the remaining time in whole seconds, or absent if the item does not expire", async () => {
    const driver = table.driver();
    await driver.setItem("expiring", "v", { ttl: 100 });
    const meta = await driver.getMeta("expiring");
    expect(meta).toEqual({ size: 1, ttl: expect.any(Number) });
    expect(Number.isInteger(meta?.ttl)).toBe(true);
    expect(meta?.ttl).toBeGreaterThanOrEqual(50);
    expect(meta?.ttl).toBeLessThanOrEqual(101);
    await driver.setItem("expiring", "v", { ttl: 0 });
    expect(await driver.getMeta("expiring")).toEqual({ size: 1 });
  });

  it("[META-3] an unexpired item never has 0 seconds left, which would mean that it never expires", async () => {
    const driver = table.driver();
    const lefts = new Set<number | undefined>();
    for (const ttl of [0.001, 0.5, 1, 1.5, 2]) {
      await driver.setItem("short", "v", { ttl });
      for (let meta = await driver.getMeta("short"); meta; meta = await driver.getMeta("short")) {
        lefts.add(meta.ttl);
      }
    }
    expect([...lefts].every((left) => left! >= 1 && left! <= 3)).toBe(true);
    expect(lefts).toContain(1);
  });

  it.each<[string, Row]>([
    ["text", { ttl: { S: "4000000000" } }],
    ["a set", { ttl: { NS: ["1"] } }],
    ["too far away to tell", { ttl: { N: "9E+100" } }],
    ["of another name", { expires: { N: "1" } }],
  ])("[META-1] an expiry that is %s is none", async (_, attributes) => {
    await table.putRow("odd", { value: { S: "v" }, ...attributes });
    expect(await table.driver().getMeta("odd")).toEqual({ size: 1 });
  });

  it("[META-1] returns null for items that are missing, expired or without a value", async () => {
    const driver = table.driver({ attributes: { mtime: "at" } });
    const at = { N: "1700000000000" };
    await table.putRow("expired", { value: { S: "v" }, ttl: { N: "1000000000" }, at });
    await table.putRow("bare", { ttl: { N: "4000000000" }, at });
    for (const key of ["missing", "expired", "bare"]) expect(await driver.getMeta(key)).toBeNull();
  });

  it("[META-1] costs one item read", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint, attributes: { mtime: "at" } });
    await table.putRow("cost", { value: { S: "v" }, other: { S: "x".repeat(1000) } });
    expect(await driver.getMeta("cost")).toEqual({ size: 1 });
    expect(recorder.operations()).toEqual(["GetItem"]);
    expect(recorder.exchanges[0]?.responseBytes).toBeLessThan(500);
  });
});

describe("the time of the last write", () => {
  const attributes = { mtime: "written" };

  it("[META-2] is stored by every write in epoch milliseconds, and returned as a Date", async () => {
    const driver = table.driver({ attributes });
    const from = Date.now();
    await driver.setItem("m:item", "v");
    await driver.setItemRaw("m:raw", new Uint8Array([1]), { ttl: 100 });
    await driver.setItems(["m:1", "m:2"].map((key) => ({ key, value: key })));
    const to = Date.now();
    for (const key of ["m:item", "m:raw", "m:1", "m:2"]) {
      const stored = Number((await table.getRow(key))?.written?.N);
      expect(stored).toBeGreaterThanOrEqual(from);
      expect(stored).toBeLessThanOrEqual(to);
      const meta = await driver.getMeta(key);
      expect(meta?.mtime).toBeInstanceOf(Date);
      expect(meta?.mtime?.getTime()).toBe(stored);
    }
    await sleep(20);
    await driver.setItem("m:item", "again");
    expect((await driver.getMeta("m:item"))?.mtime?.getTime()).toBeGreaterThan(to);
  });

  it.each<[string, Row]>([
    ["absent", {}],
    ["text", { written: { S: "yesterday" } }],
    ["negative", { written: { N: "-5" } }],
    ["a set", { written: { NS: ["1"] } }],
  ])("[META-2] items whose time is %s simply lack it", async (_, more) => {
    await table.putRow("without", { value: { S: "v" }, ...more });
    expect(await table.driver({ attributes }).getMeta("without")).toEqual({ size: 1 });
  });

  it("[META-2] without the option, it is neither written nor read", async () => {
    const driver = table.driver();
    await driver.setItem("plain", "v");
    expect(Object.keys((await table.getRow("plain")) ?? {}).sort()).toEqual(["key", "value"]);
    await table.putRow("theirs", { value: { S: "v" }, mtime: { N: "5" }, written: { N: "5" } });
    expect(await driver.getMeta("theirs")).toEqual({ size: 1 });
  });
});

describe.each(Object.entries({ "1.17": v1, "2.x": v2 as unknown as typeof v1 }))(
  "through unstorage %s",
  (_version, unstorage) => {
    it("[META-1] [META-2] [API-11] native metadata and the user's own are merged", async () => {
      const driver = table.driver({ attributes: { mtime: "written" } });
      const storage = unstorage.createStorage({ driver });
      await storage.setItem("meta:a", "text", { ttl: 100 });
      await storage.setMeta("meta:a", { kind: "test" });
      const meta = await storage.getMeta("meta:a");
      expect(meta).toMatchObject({ kind: "test", size: 4 });
      expect(meta.mtime).toBeInstanceOf(Date);
      expect(Math.abs(Number(meta.ttl) - 100)).toBeLessThan(5);
      expect(await storage.getMeta("meta:a", { nativeOnly: true })).not.toHaveProperty("kind");
      expect({ ...(await storage.getMeta("meta:none")) }).toEqual({});
    });
  },
);
