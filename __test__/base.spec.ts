// The option `base`: several drivers on one table, none of which sees the others.
import { beforeEach, describe, expect, it } from "vitest";
import * as v1 from "unstorage";
import { failureOf, refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

beforeEach(() => table.empty());

const sorted = async (keys: Promise<string[]>): Promise<string[]> => (await keys).sort();

describe("every method", () => {
  it.each([["app"], ["app:"], ["app::"]])("[BASE-1] with base %j", async (base) => {
    const driver = table.driver({ base });
    await driver.setItem("a", "1", { ttl: 100 });
    await driver.setItemRaw("b", new Uint8Array([2]));
    await driver.setItems([
      { key: "c:d", value: 3 },
      { key: "c:e", value: null },
    ]);
    expect(await table.keys()).toEqual(["app:a", "app:b", "app:c:d", "app:c:e"]);
    expect(await driver.getItem("a")).toBe("1");
    expect(await driver.getItemRaw("b")).toEqual(Buffer.from([2]));
    expect(await driver.getItems(["c:d", "a", "none", "c:d"])).toEqual([
      { key: "c:d", value: 3 },
      { key: "a", value: "1" },
      { key: "none", value: null },
      { key: "c:d", value: 3 },
    ]);
    expect(await driver.hasItem("c:d")).toBe(true);
    expect(await driver.hasItem("app:c:d")).toBe(false);
    expect(await driver.getMeta("a")).toMatchObject({ size: 1 });
    expect(await sorted(driver.getKeys())).toEqual(["a", "b", "c:d", "c:e"]);
    expect(await sorted(driver.getKeys("c"))).toEqual(["c:d", "c:e"]);
    await driver.removeItem("a");
    expect(await table.keys()).toEqual(["app:b", "app:c:d", "app:c:e"]);
    await driver.clear("c");
    expect(await table.keys()).toEqual(["app:b"]);
  });

  it.each([["app/cache"], ["app/cache/"], ["/app:cache"], ["app\\cache"], ["::app//cache::"]])(
    "[BASE-4] base %j is app:cache, as in unstorage's own drivers",
    async (base) => {
      const driver = table.driver({ base });
      await driver.setItem("a", "1");
      expect(await table.keys()).toEqual(["app:cache:a"]);
      expect(await driver.getKeys()).toEqual(["a"]);
      // Keys and the bases of calls are literal: unstorage has normalised them before.
      await driver.setItem("x/y", "2");
      expect(await driver.getKeys("x")).toEqual([]);
      await driver.clear("x/y");
      expect(await sorted(driver.getKeys())).toEqual(["a", "x/y"]);
    },
  );

  it.each([[""], [":"], ["/"], [undefined], [null]])("[BASE-1] base %j is none", async (base) => {
    await table.driver({ base }).setItem("a", "1");
    expect(await table.keys()).toEqual(["a"]);
  });

  it("[BASE-1] any text may be a base, and stands for itself", async () => {
    for (const base of ["a:b", "日本", "#k", "?now", "*", "%", "a b"]) {
      const driver = table.driver({ base });
      await driver.setItem("k:1", base);
      expect(await driver.getKeys()).toEqual(["k:1"]);
      expect(await driver.getItems(["k:1"])).toEqual([{ key: "k:1", value: base }]);
    }
    expect(await table.keys()).toHaveLength(7);
  });

  it("[BASE-1] maxDepth counts what is under the base", async () => {
    const driver = table.driver({ base: "x:y:z" });
    for (const key of ["top", "one:a", "one:two:a"]) await driver.setItem(key, "v");
    expect(await driver.getKeys("", { maxDepth: 0 })).toEqual(["top"]);
    expect(await sorted(driver.getKeys("", { maxDepth: 1 }))).toEqual(["one:a", "top"]);
    expect(await sorted(driver.getKeys("one", { maxDepth: 1 }))).toEqual(["one:a"]);
    expect(await driver.getKeys("", { maxDepth: 2 })).toHaveLength(3);
  });

  it("[BASE-1] an error speaks of the caller's key", async () => {
    const driver: any = table.driver({ base: "app" });
    const error = await failureOf(driver.setItem("k", () => {}));
    expect(error.key).toBe("k");
  });
});

describe("neighbours", () => {
  let one: Driver;
  let two: Driver;
  let all: Driver;
  beforeEach(async () => {
    one = table.driver({ base: "one" });
    two = table.driver({ base: "one-two" });
    all = table.driver();
    for (const driver of [one, two]) {
      await driver.setItems(["a", "a:b", "c"].map((key) => ({ key, value: driver.options.base! })));
    }
    await all.setItem("one", "outside the base");
    await table.putRow("one:dead", { value: { S: "v" }, ttl: { N: "1000000000" } });
  });

  it("[BASE-2] keys and values stay apart", async () => {
    expect(await sorted(one.getKeys())).toEqual(["a", "a:b", "c"]);
    expect(await one.getItem("a")).toBe("one");
    expect(await two.getItem("a")).toBe("one-two");
    expect(await all.getKeys()).toHaveLength(7);
    expect(await sorted(all.getKeys("one"))).toEqual(["one:a", "one:a:b", "one:c"]);
  });

  it.each([[undefined], [""], [":"]])("[BASE-2] clear(%j) leaves the rest", async (base) => {
    await one.clear(base);
    const left = ["one", "one-two:a", "one-two:a:b", "one-two:c"];
    expect(await table.keys()).toEqual(left);
  });

  it("[BASE-2] clear of a part leaves the rest, also of the base", async () => {
    await one.clear("a");
    expect(await table.keys()).toEqual([
      "one",
      "one-two:a",
      "one-two:a:b",
      "one-two:c",
      "one:a",
      "one:c",
      "one:dead",
    ]);
  });

  it("[BASE-2] two mounts of one storage", async () => {
    const storage = v1.createStorage();
    storage.mount("cache", table.driver({ base: "m1" }));
    storage.mount("data", table.driver({ base: "m2" }));
    await storage.setItem("cache:k", "1");
    await storage.setItem("data:k", "2");
    expect(await sorted(storage.getKeys())).toEqual(["cache:k", "data:k"]);
    await storage.clear("cache");
    expect(await storage.getItem("cache:k")).toBeNull();
    expect(await storage.getItem("data:k")).toBe(2);
    expect((await table.keys()).filter((key) => key.startsWith("m"))).toEqual(["m2:k"]);
  });
});

describe("sizes", () => {
  it("[BASE-3] the base counts toward the 2,048 bytes of a key", async () => {
    const driver = table.driver({ base: "é", endpoint: recorder.endpoint });
    const longest = "k".repeat(2048 - 3);
    await driver.setItem(longest, "v");
    expect(await driver.getItem(longest)).toBe("v");
    expect(await driver.getKeys()).toEqual([longest]);
    recorder.reset();
    const error = await failureOf(driver.setItem(`${longest}k`, "v"));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_KEY", key: `${longest}k` });
    expect(error.message).toMatch(/2,?049/);
    expect(error.message).toContain("`base`");
    expect(recorder.exchanges).toEqual([]);
  });

  it("[BASE-3] a base of 1,024 bytes, with its separator, is the longest", async () => {
    const driver = table.driver({ base: `${"é".repeat(511)}x` });
    await driver.setItem("k", "v");
    expect(await driver.getKeys()).toEqual(["k"]);
    const error = await refusalOf(recorder, { base: "é".repeat(512) });
    expect(error.message).toContain("`base`");
  });

  it.each([[5], [true], [{}], [["a"]], ["a\ud800"]])("[BASE-3] %j is no base", async (base) => {
    const error = await refusalOf(recorder, { base });
    expect(error.message).toContain("`base`");
  });
});
