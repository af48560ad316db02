// The option `base`: several drivers share a table without seeing each other's items.
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
  const prefixes: [string, unknown[]][] = [
    ["", ["", ":", "/", undefined, null]],
    ["app:", ["app", "app:", "app::"]],
    ["app:cache:", ["app/cache", "app/cache/", "/app:cache", "app\\cache", "::app//cache::"]],
    // No part of a base is interpreted as an expression.
    ...["a:b", "日本", "#k", "?now", "*", "%", "a b"].map((text): [string, unknown[]] => [
      `${text}:`,
      [text],
    ]),
  ];
  const bases = prefixes.flatMap(([prefix, given]) => given.map((base) => [base, prefix] as const));

  it.each(bases)("[BASE-1] [BASE-4] with base %j, in the table %j", async (base, prefix) => {
    const driver = table.driver({ base });
    await driver.setItem("a", "1", { ttl: 100 });
    await driver.setItemRaw("b", new Uint8Array([2]));
    const many = [3, null].map((value, n) => ({ key: `c:${n}`, value }));
    await driver.setItems(many);
    // Keys and the bases of calls are literal, because unstorage has already normalised them.
    await driver.setItem("x/y", "2");
    expect(await table.keys()).toEqual(["a", "b", "c:0", "c:1", "x/y"].map((key) => prefix + key));
    expect(await driver.getItem("a")).toBe("1");
    expect(await driver.getItemRaw("b")).toEqual(Buffer.from([2]));
    const asked = [...many, { key: "a", value: "1" }, { key: "none", value: null }, many[0]!];
    expect(await driver.getItems(asked.map(({ key }) => key))).toEqual(asked);
    expect(await driver.hasItem("c:0")).toBe(true);
    expect(await driver.hasItem("app:c:0")).toBe(false);
    expect(await driver.getMeta("a")).toMatchObject({ size: 1 });
    expect(await sorted(driver.getKeys("c"))).toEqual(["c:0", "c:1"]);
    expect(await driver.getKeys("x")).toEqual([]);
    await driver.removeItem("a");
    await driver.clear("c");
    await driver.clear("x/y");
    expect(await sorted(driver.getKeys())).toEqual(["b", "x/y"]);
  });

  it("[BASE-1] maxDepth counts from the base", async () => {
    const driver = table.driver({ base: "x:y:z" });
    for (const key of ["top", "one:a", "one:two:a"]) await driver.setItem(key, "v");
    expect(await driver.getKeys("", { maxDepth: 0 })).toEqual(["top"]);
    expect(await sorted(driver.getKeys("", { maxDepth: 1 }))).toEqual(["one:a", "top"]);
    expect(await driver.getKeys("one", { maxDepth: 1 })).toEqual(["one:a"]);
    expect(await driver.getKeys("", { maxDepth: 2 })).toHaveLength(3);
  });

  it("[BASE-1] an error names the caller's key", async () => {
    const driver: any = table.driver({ base: "app" });
    await expect(driver.setItem("k", () => {})).rejects.toMatchObject({ key: "k" });
  });
});

describe("neighbours", () => {
  const others = ["one", "one-two:a", "one-two:a:b", "one-two:c"];
  let one: Driver;
  let two: Driver;
  beforeEach(async () => {
    one = table.driver({ base: "one" });
    two = table.driver({ base: "one-two" });
    for (const driver of [one, two]) {
      await driver.setItems(["a", "a:b", "c"].map((key) => ({ key, value: driver.options.base! })));
    }
    await table.driver().setItem("one", "outside the base");
    await table.putRow("one:dead", { value: { S: "v" }, ttl: { N: "1000000000" } });
  });

  it("[BASE-2] keys and values stay apart", async () => {
    const all = table.driver();
    expect(await sorted(one.getKeys())).toEqual(["a", "a:b", "c"]);
    expect([await one.getItem("a"), await two.getItem("a")]).toEqual(["one", "one-two"]);
    expect(await all.getKeys()).toHaveLength(7);
    expect(await sorted(all.getKeys("one"))).toEqual(["one:a", "one:a:b", "one:c"]);
  });

  it.each([
    [undefined, []],
    ["", []],
    [":", []],
    ["a", ["one:a", "one:c", "one:dead"]],
  ])("[BASE-2] clear(%j) leaves the rest", async (base, left) => {
    await one.clear(base);
    expect(await table.keys()).toEqual([...others, ...left]);
  });

  it("[BASE-2] two mounts in one storage", async () => {
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
    expect(error.message).toMatch(/2,?049.*`base`|`base`.*2,?049/);
    expect(recorder.exchanges).toEqual([]);
  });

  it("[BASE-3] a base may have at most 1,024 bytes including its separator", async () => {
    const driver = table.driver({ base: `${"é".repeat(511)}x` });
    await driver.setItem("k", "v");
    expect(await driver.getKeys()).toEqual(["k"]);
  });

  const others: [unknown][] = [[5], [true], [{}], [["a"]], ["a\ud800"], ["é".repeat(512)]];
  it.each(others)("[BASE-3] %j is not a valid base", async (base) => {
    const error = await refusalOf(recorder, { base });
    expect(error.message).toContain("`base`");
  });
});
