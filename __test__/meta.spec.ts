import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useRecordedTable } from "./helpers/recorded";
import type { Row } from "./helpers/table";
import { unstorages } from "./helpers/unstorage";

const { table, recorder, recorded } = useRecordedTable();
const timed = { attributes: { mtime: "written" } };
const value = { S: "v" };

it.each<[string, any, number]>([
  ["text", "text", 4],
  ["text in UTF-8 bytes", "€😀", 7],
  ["the empty string", "", 0],
  ["bytes", new Uint8Array(300), 300],
  ["a boolean", true, 1],
  ["null", null, 1],
  ["a number, two digits a byte and one more", 1234, 3],
  ["a set of strings", new Set(["ab", "c"]), 3],
  ["a list, 3 bytes and one per element", ["ab", "c"], 8],
  ["a map, including its names", { name: "ab" }, 10],
])("[META-1] the size of %s", async (_, sized, size) => {
  await table.driver().setItem("sized", sized);
  expect(await table.driver().getMeta("sized")).toEqual({ size });
});

it("[META-1] [META-3] ttl is the whole seconds left, and absent if the item does not expire", async () => {
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
  expect([1, 2, 3]).toEqual(expect.arrayContaining([...lefts]));
  expect(lefts).toContain(1);
});

it.each<[string, Row]>([
  ["[META-1] an expiry that is text", { ttl: { S: "4000000000" } }],
  ["[META-1] an expiry that is a set", { ttl: { NS: ["1"] } }],
  ["[META-1] an expiry too far in the future", { ttl: { N: "9E+100" } }],
  ["[META-1] an expiry in another attribute", { expires: { N: "1" } }],
  ["[META-2] a write time in another attribute", { mtime: { N: "5" } }],
  ["[META-2] a write time that is text", { written: { S: "yesterday" } }],
  ["[META-2] a negative write time", { written: { N: "-5" } }],
  ["[META-2] a write time that is a set", { written: { NS: ["1"] } }],
])("%s is absent from the meta", async (_, attributes) => {
  await table.putRow("odd", { value, ...attributes });
  expect(await table.driver(timed).getMeta("odd")).toEqual({ size: 1 });
});

it("[META-1] is null for items that are missing, expired or have no value", async () => {
  const driver = table.driver(timed);
  const written = { N: "1700000000000" };
  await table.putRow("expired", { value, ttl: { N: "1000000000" }, written });
  await table.putRow("bare", { ttl: { N: "4000000000" }, written });
  for (const key of ["missing", "expired", "bare"]) expect(await driver.getMeta(key)).toBeNull();
});

it("[META-1] costs one GetItem", async () => {
  await table.putRow("cost", { value, other: { S: "x".repeat(1000) } });
  expect(await recorded(timed).getMeta("cost")).toEqual({ size: 1 });
  expect(recorder.operations()).toEqual(["GetItem"]);
  expect(recorder.exchanges[0]?.responseBytes).toBeLessThan(500);
});

it("[META-2] the time of every write is stored in epoch milliseconds and returned as a Date", async () => {
  const driver = table.driver(timed);
  const from = Date.now();
  await driver.setItem("m:item", "v");
  await driver.setItemRaw("m:raw", new Uint8Array([1]), { ttl: 100 });
  await driver.setItems(["m:1", "m:2"].map((key) => ({ key, value: key })));
  const to = Date.now();
  for (const key of ["m:item", "m:raw", "m:1", "m:2"]) {
    const stored = Number((await table.getRow(key))?.written?.N);
    expect(stored).toBeGreaterThanOrEqual(from);
    expect(stored).toBeLessThanOrEqual(to);
    expect((await driver.getMeta(key))?.mtime).toEqual(new Date(stored));
  }
  await sleep(20);
  await driver.setItem("m:item", "again");
  expect((await driver.getMeta("m:item"))?.mtime?.getTime()).toBeGreaterThan(to);
});

it("[META-2] without the option, write times are neither stored nor read", async () => {
  const driver = table.driver();
  await driver.setItem("plain", "v");
  expect(await table.getRow("plain")).toEqual({ key: { S: "plain" }, value });
  await table.putRow("theirs", { value, mtime: { N: "5" }, written: { N: "5" } });
  expect(await driver.getMeta("theirs")).toEqual({ size: 1 });
});

describe.each(unstorages)("through unstorage %s", (_version, unstorage) => {
  it("[META-1] [META-2] [API-11] native meta is merged with the user's own", async () => {
    const storage = unstorage.createStorage({ driver: table.driver(timed) });
    await storage.setItem("meta:a", "text", { ttl: 100 });
    await storage.setMeta("meta:a", { kind: "test" });
    const meta = await storage.getMeta("meta:a");
    expect(meta).toMatchObject({ kind: "test", size: 4, mtime: expect.any(Date) });
    expect(Math.abs(Number(meta.ttl) - 100)).toBeLessThan(5);
    expect(await storage.getMeta("meta:a", { nativeOnly: true })).not.toHaveProperty("kind");
    expect({ ...(await storage.getMeta("meta:none")) }).toEqual({});
  });
});
