// What unstorage expects of a driver, seen through `createStorage` of both major versions.
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { beforeEach, describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const versions = { "1.17": v1, "2.x": v2 as unknown as typeof v1 };

describe.each(Object.entries(versions))("[API-11] unstorage %s", (_version, unstorage) => {
  const table = useTable();
  const inner = useTable();
  let storage: v1.Storage<any>;

  beforeEach(async () => {
    await table.empty();
    storage = unstorage.createStorage({ driver: table.driver() });
  });

  const sorted = async (keys: Promise<string[]>): Promise<string[]> => (await keys).sort();

  it("starts empty", async () => {
    expect(await storage.getKeys()).toEqual([]);
    expect(await storage.hasItem("a:b")).toBe(false);
    expect(await storage.getItem("a:b")).toBeNull();
  });

  it("a snapshot is restored and taken", async () => {
    const content = { first: "one", "deep:er": { two: 2 } };
    await unstorage.restoreSnapshot(storage, content, "snap");
    expect(await storage.getItem("snap:first")).toBe("one");
    expect(await unstorage.snapshot(storage, "snap")).toEqual(content);
  });

  it("writes, finds and reads; a query in a key does not count", async () => {
    await storage.setItem("a:b", "text");
    await storage.setItem("c:d?version=1", "with a query");
    expect(await storage.hasItem("a:b")).toBe(true);
    expect(await storage.getItem("a:b")).toBe("text");
    expect(await storage.hasItem("c:d")).toBe(true);
    expect(await storage.getItem("c:d?version=2")).toBe("with a query");
    expect(await table.keys()).toEqual(["a:b", "c:d"]);
  });

  it("slashes and backslashes in a key are colons", async () => {
    await storage.setItem("/a/b\\c/", "v");
    expect(await storage.getItem("a:b:c")).toBe("v");
    expect(await table.keys()).toEqual(["a:b:c"]);
  });

  it("short names do the same", async () => {
    await storage.set("k", 1);
    expect(await storage.get("k")).toBe(1);
    expect(await storage.has("k")).toBe(true);
    expect(await storage.keys()).toEqual(["k"]);
    await storage.del("k");
    expect(await storage.has("k")).toBe(false);
    await storage.set("k", 1);
    await storage.remove("k");
    expect(await storage.keys()).toEqual([]);
  });

  it("lists all keys, and those under a base", async () => {
    for (const key of ["one:a", "two:a", "two:b?q=1", "twofold:a"]) await storage.setItem(key, "v");
    expect(await sorted(storage.getKeys())).toEqual(["one:a", "two:a", "two:b", "twofold:a"]);
    expect(await storage.getKeys("one")).toEqual(["one:a"]);
    expect(await sorted(storage.getKeys("two"))).toEqual(["two:a", "two:b"]);
    expect(await sorted(storage.getKeys("two:"))).toEqual(["two:a", "two:b"]);
    expect(await storage.getKeys("none")).toEqual([]);
  });

  it("lists keys down to a depth", async () => {
    const byDepth = [["top"], ["one:a", "one:b"], ["one:two:a", "one:two:b"]];
    for (const key of byDepth.flat()) await storage.setItem(key, "v");
    for (const maxDepth of [0, 1, 2]) {
      const expected = byDepth
        .slice(0, maxDepth + 1)
        .flat()
        .sort();
      expect(await sorted(storage.getKeys(undefined, { maxDepth }))).toEqual(expected);
    }
    expect(await sorted(storage.getKeys("one", { maxDepth: 1 }))).toEqual(["one:a", "one:b"]);
  });

  it("[API-14] a nested mount is cut at its depth as well", async () => {
    // With `flags.maxDepth` unstorage would trust each driver's own depth, which starts at its mount.
    const outer = unstorage.createStorage({ driver: table.driver() });
    const nested = table.driver({ table: inner.name });
    outer.mount("mnt:deep", nested);
    await outer.setItem("top", "v");
    await outer.setItem("mnt:deep:a", "v");
    await outer.setItem("mnt:deep:a:b", "v");
    expect(await outer.getKeys(undefined, { maxDepth: 0 })).toEqual(["top"]);
    expect(await outer.getKeys("mnt", { maxDepth: 1 })).toEqual([]);
    expect(await outer.getKeys("mnt", { maxDepth: 2 })).toEqual(["mnt:deep:a"]);
    expect(await sorted(outer.getKeys("mnt"))).toEqual(["mnt:deep:a", "mnt:deep:a:b"]);
  });

  it.each([
    ["an object", { nested: { list: [1, "two", null] } }],
    ["an array", [1, 2, 3]],
    ["true", true],
    ["false", false],
    ["zero", 0],
    ["a number", 12.5],
    ["the empty text", ""],
    ["text", "plain text"],
    ["text that looks like markup", "<b>&amp;</b>"],
  ])("%s comes back as it was", async (_, value) => {
    await storage.setItem("typed.json", value);
    expect(await storage.getItem("typed.json")).toEqual(value);
    expect(await storage.hasItem("typed.json")).toBe(true);
  });

  it("null is a value, undefined removes", async () => {
    await storage.setItem("nothing", null);
    expect(await table.getRow("nothing")).toEqual({ key: { S: "nothing" }, value: { S: "null" } });
    expect(await storage.getItem("nothing")).toBeNull();
    expect(await storage.hasItem("nothing")).toBe(true);
    await storage.setItem("nothing", undefined);
    expect(await storage.hasItem("nothing")).toBe(false);
  });

  it("toJSON decides what is stored", async () => {
    await storage.setItem("text.json", { toJSON: () => "as text" });
    await storage.setItem("object.json", { toJSON: () => ({ as: "object" }) });
    expect(await storage.getItem("text.json")).toBe("as text");
    expect(await storage.getItem("object.json")).toEqual({ as: "object" });
  });

  it("what cannot be serialised is refused, and nothing is stored", async () => {
    class Opaque {}
    await expect(storage.setItem("opaque", new Opaque())).rejects.toThrow("Cannot stringify value");
    expect(await table.keys()).toEqual([]);
  });

  it("raw bytes come back byte by byte", async () => {
    const bytes = new Uint8Array(256).map((_, index) => index);
    await storage.setItemRaw("raw.bin", bytes);
    const read = await storage.getItemRaw("raw.bin");
    expect(Buffer.from(read)).toEqual(Buffer.from(bytes));
    expect((await table.getRow("raw.bin"))?.value).toEqual({ B: bytes });
    expect(await storage.getItemRaw("missing.bin")).toBeNull();
  });

  it("many are written at once, with their options or common ones", async () => {
    const items: { key: string; value: any; options?: object }[] = [
      { key: "many:1", value: "one" },
      { key: "many:2", value: { two: 2 } },
      { key: "many:3", value: "three", options: { ttl: 0 } },
    ];
    await storage.setItems(items, { ttl: 600 });
    expect(await storage.getItem("many:1")).toBe("one");
    expect(await storage.getItem("many:2")).toEqual({ two: 2 });
    expect((await table.getRow("many:1"))?.ttl?.N).toMatch(/^\d+$/);
    expect(await table.getRow("many:3")).not.toHaveProperty("ttl");
  });

  it("many are read at once, in their order, missing ones as null", async () => {
    await storage.setItem("b:1", "one");
    await storage.setItem("a:2?q=1", "two");
    await storage.setItem("c:3", { three: 3 });
    const read = await storage.getItems([{ key: "c:3" }, "b:1", { key: "a:2?q=2" }, "d:missing"]);
    expect(read).toEqual([
      { key: "c:3", value: { three: 3 } },
      { key: "b:1", value: "one" },
      { key: "a:2", value: "two" },
      { key: "d:missing", value: null },
    ]);
  });

  it("an item's ttl reaches the driver", async () => {
    await storage.setItem("brief", "v", { ttl: 600 });
    const expiry = Number((await table.getRow("brief"))?.ttl?.N);
    expect(Math.abs(expiry - Date.now() / 1000 - 600)).toBeLessThan(30);
  });

  it("removes an item, alone or with what is known about it", async () => {
    await storage.setItem("a", "v");
    await storage.setMeta("a", { kind: "test" });
    expect(await storage.getMeta("a")).toMatchObject({ kind: "test" });
    await storage.removeItem("a");
    expect(await storage.hasItem("a")).toBe(false);
    expect(await storage.getItem("a")).toBeNull();
    expect(await table.keys()).toEqual(["a$"]);
    await storage.removeItem("a", { removeMeta: true });
    expect(await table.keys()).toEqual([]);
  });

  it("clears everything, and clears what is empty", async () => {
    for (const key of ["a", "b:c", "b:d:e"]) await storage.setItem(key, "v");
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
    await storage.clear();
    expect(await table.keys()).toEqual([]);
  });

  it("a mount has its own keys, and goes alone", async () => {
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

  it("a prefixed storage stays under its prefix", async () => {
    const prefixed = unstorage.prefixStorage(storage, "pre");
    await prefixed.setItem("k", "v");
    await storage.setItem("k", "outside");
    expect(await table.keys()).toEqual(["k", "pre:k"]);
    expect(await prefixed.getKeys()).toEqual(["k"]);
  });

  it("dispose reaches the driver", async () => {
    await storage.setItem("k", "v");
    await storage.dispose();
    await expect(storage.getItem("k")).rejects.toMatchObject({ code: "ERR_DYNAMODB_CLOSED" });
  });
});

describe("[API-11] unstorage 2.x alone", () => {
  const table = useTable();

  it("a value is read as the type asked for", async () => {
    const storage = v2.createStorage({ driver: table.driver() });
    await storage.setItem("typed", { a: 1 });
    await storage.setItemRaw("typed.bin", new Uint8Array([1, 2, 3]));
    expect(await storage.getItem("typed", { type: "text" })).toBe('{"a":1}');
    expect(await storage.getItem("typed", { type: "json" })).toEqual({ a: 1 });
    expect(await storage.getItem("typed.bin", { type: "bytes" })).toEqual(
      new Uint8Array([1, 2, 3]),
    );
  });
});
