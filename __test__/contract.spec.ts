// unstorage's expectations of a driver, tested with `createStorage` of both major versions.
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { beforeEach, describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const table = useTable();
const inner = useTable();
const versions = { "1.17": v1, "2.x": v2 as unknown as typeof v1 };

beforeEach(() => table.empty());

const sorted = async (keys: Promise<string[]>): Promise<string[]> => (await keys).sort();

describe.each(Object.entries(versions))("[API-11] unstorage %s", (_version, unstorage) => {
  let storage: v1.Storage<any>;

  beforeEach(() => {
    storage = unstorage.createStorage({ driver: table.driver() });
  });

  async function fill(...keys: string[]): Promise<void> {
    for (const key of keys) await storage.setItem(key, "v");
  }

  it("a snapshot can be restored and taken", async () => {
    const content = { first: "one", "deep:er": { two: 2 } };
    await unstorage.restoreSnapshot(storage, content, "snap");
    expect(await storage.getItem("snap:first")).toBe("one");
    expect(await unstorage.snapshot(storage, "snap")).toEqual(content);
  });

  it("keys are normalised: slashes become colons, and queries are removed", async () => {
    await storage.setItem("/a/b\\c/", "text");
    await storage.setItem("c:d?version=1", "with a query");
    expect(await table.keys()).toEqual(["a:b:c", "c:d"]);
    expect(await storage.getItem("a:b:c")).toBe("text");
    expect(await storage.hasItem("c:d")).toBe(true);
    expect(await storage.getItem("c:d?version=2")).toBe("with a query");
  });

  it("lists and clears all keys, and lists those under a base", async () => {
    await fill("one:a", "two:a", "two:b?q=1", "twofold:a");
    expect(await sorted(storage.getKeys())).toEqual(["one:a", "two:a", "two:b", "twofold:a"]);
    expect(await storage.getKeys("one")).toEqual(["one:a"]);
    expect(await sorted(storage.getKeys("two"))).toEqual(["two:a", "two:b"]);
    expect(await sorted(storage.getKeys("two:"))).toEqual(["two:a", "two:b"]);
    expect(await storage.getKeys("none")).toEqual([]);
    for (let n = 0; n < 2; n += 1) await storage.clear();
    expect(await table.keys()).toEqual([]);
  });

  it.each([
    [undefined, 0, ["top"]],
    [undefined, 1, ["one:a", "one:b", "top"]],
    [undefined, 2, ["one:a", "one:b", "one:two:a", "top"]],
    ["one", 1, ["one:a", "one:b"]],
  ])("lists keys under %j down to depth %d", async (base, maxDepth, expected) => {
    await fill("top", "one:a", "one:b", "one:two:a");
    expect(await sorted(storage.getKeys(base, { maxDepth }))).toEqual(expected);
  });

  it("[API-14] maxDepth also applies to a nested mount", async () => {
    // With `flags.maxDepth`, unstorage would rely on each driver's own depth, which starts at its mount.
    storage.mount("mnt:deep", table.driver({ table: inner.name }));
    await fill("top", "mnt:deep:a", "mnt:deep:a:b");
    expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(["top"]);
    expect(await storage.getKeys("mnt", { maxDepth: 1 })).toEqual([]);
    expect(await storage.getKeys("mnt", { maxDepth: 2 })).toEqual(["mnt:deep:a"]);
    expect(await sorted(storage.getKeys("mnt"))).toEqual(["mnt:deep:a", "mnt:deep:a:b"]);
  });

  it("values are returned unchanged", async () => {
    const nested = { nested: { list: [1, "two", null] } };
    for (const value of [nested, [1, 2, 3], true, false, 0, 12.5, "", "text", "<b>&amp;</b>"]) {
      await storage.setItem("typed.json", value);
      expect(await storage.getItem("typed.json")).toEqual(value);
      expect(await storage.hasItem("typed.json")).toBe(true);
    }
  });

  it("null is a value, undefined removes", async () => {
    await storage.setItem("nothing", null);
    expect(await table.getRow("nothing")).toEqual({ key: { S: "nothing" }, value: { S: "null" } });
    expect(await storage.getItem("nothing")).toBeNull();
    expect(await storage.hasItem("nothing")).toBe(true);
    await storage.setItem("nothing", undefined);
    expect(await storage.hasItem("nothing")).toBe(false);
  });

  it("toJSON decides what is stored; values without JSON are rejected", async () => {
    for (const shown of ["as text", { as: "object" }]) {
      await storage.setItem("made.json", { toJSON: () => shown });
      expect(await storage.getItem("made.json")).toEqual(shown);
    }
    class Opaque {}
    await expect(storage.setItem("opaque", new Opaque())).rejects.toThrow("Cannot stringify value");
    expect(await table.keys()).toEqual(["made.json"]);
  });

  it("raw bytes are returned unchanged", async () => {
    const bytes = new Uint8Array(256).map((_, index) => index);
    await storage.setItemRaw("raw.bin", bytes);
    expect(await storage.getItemRaw("raw.bin")).toEqual(Buffer.from(bytes));
    expect((await table.getRow("raw.bin"))?.value).toEqual({ B: bytes });
    expect(await storage.getItemRaw("missing.bin")).toBeNull();
  });

  it("several items are written with their ttl and read in order, missing ones as null", async () => {
    const items: { key: string; value: any; options?: object }[] = [
      { key: "c:1", value: "one", options: { ttl: 0 } },
      { key: "a:2?q=1", value: { two: 2 } },
    ];
    await storage.setItems(items, { ttl: 600 });
    await storage.setItem("brief", "v", { ttl: 600 });
    expect(await table.getRow("c:1")).not.toHaveProperty("ttl");
    for (const key of ["a:2", "brief"]) {
      const expiry = Number((await table.getRow(key))?.ttl?.N);
      expect(Math.abs(expiry - Date.now() / 1000 - 600)).toBeLessThan(30);
    }
    expect(await storage.getItems([{ key: "c:1" }, { key: "a:2?q=2" }, "missing"])).toEqual([
      { key: "c:1", value: "one" },
      { key: "a:2", value: { two: 2 } },
      { key: "missing", value: null },
    ]);
  });

  it("removes an item, with or without its metadata", async () => {
    await storage.setItem("a", "v");
    await storage.setMeta("a", { kind: "test" });
    expect(await storage.getMeta("a")).toMatchObject({ kind: "test" });
    await storage.removeItem("a");
    expect([await storage.hasItem("a"), await storage.getItem("a")]).toEqual([false, null]);
    expect(await table.keys()).toEqual(["a$"]);
    await storage.removeItem("a", { removeMeta: true });
    expect(await table.keys()).toEqual([]);
  });

  it("a mount has its own keys and is cleared separately", async () => {
    const other = unstorage.createStorage();
    other.mount("mnt", table.driver());
    await other.setItem("mnt:a:b", "in the table");
    await other.setItem("a:b", "in memory");
    expect(await table.keys()).toEqual(["a:b"]);
    expect(await other.getItem("mnt:a:b")).toBe("in the table");
    expect(await sorted(other.getKeys())).toEqual(["a:b", "mnt:a:b"]);
    expect(await other.getKeys("mnt:a")).toEqual(["mnt:a:b"]);
    await other.clear("mnt");
    expect(await table.keys()).toEqual([]);
    expect(await other.getItem("a:b")).toBe("in memory");
    await other.unmount("mnt");
  });

  it("a prefixed storage uses only its prefix", async () => {
    const prefixed = unstorage.prefixStorage(storage, "pre");
    await prefixed.setItem("k", "v");
    await storage.setItem("k", "outside");
    expect(await table.keys()).toEqual(["k", "pre:k"]);
    expect(await prefixed.getKeys()).toEqual(["k"]);
  });

  it("dispose is passed to the driver", async () => {
    await storage.dispose();
    await expect(storage.getItem("k")).rejects.toMatchObject({ code: "ERR_DYNAMODB_CLOSED" });
  });
});

it("[API-11] unstorage 2.x only: a value is read as the requested type", async () => {
  const storage = v2.createStorage({ driver: table.driver() });
  await storage.setItem("typed", { a: 1 });
  await storage.setItemRaw("typed.bin", new Uint8Array([1, 2, 3]));
  expect(await storage.getItem("typed", { type: "text" })).toBe('{"a":1}');
  expect(await storage.getItem("typed", { type: "json" })).toEqual({ a: 1 });
  const bytes = await storage.getItem("typed.bin", { type: "bytes" });
  expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
});
