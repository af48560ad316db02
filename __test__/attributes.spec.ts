// Attribute names: reserved words, punctuation, and what a table with its own names looks like.
import { describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const past = 1_000_000_000;

describe.each([
  ["the defaults, reserved words all three", { key: "key", value: "value", ttl: "ttl" }],
  ["reserved words of SQL", { key: "select", value: "from", ttl: "where" }],
  ["dots, hashes, colons and spaces", { key: "a.b", value: "c#d:e", ttl: "f g" }],
  ["a leading digit, quotes and brackets", { key: "1x", value: `"'\\`, ttl: "x[0]" }],
  ["other scripts", { key: "ключ", value: "値", ttl: "⏱" }],
  ["names of the driver's own placeholders", { key: "#k", value: ":now", ttl: "#t" }],
  ["255 characters", { key: "k".repeat(255), value: "v".repeat(255), ttl: "t".repeat(255) }],
])("attributes: %s", (_, names) => {
  const table = useTable({ hash: { name: names.key, type: "S" } });

  it("[API-10] [OPT-5] every method works, and the row has these names and no others", async () => {
    const driver = table.driver({ attributes: names });
    await driver.setItem("a:1", "text", { ttl: 3600 });
    const row = await table.getRow("a:1");
    expect(Object.keys(row ?? {}).sort()).toEqual(Object.values(names).sort());
    expect(row?.[names.value]).toEqual({ S: "text" });
    expect(Number(row?.[names.ttl]?.N)).toBeGreaterThan(past);

    await table.putRow("a:2", { [names.value]: { S: "old" }, [names.ttl]: { N: String(past) } });
    expect(await driver.getItem("a:1")).toBe("text");
    expect(await driver.getItem("a:2")).toBeNull();
    expect(await driver.hasItem("a:1")).toBe(true);
    expect(await driver.hasItem("a:2")).toBe(false);
    expect(await driver.getKeys("a:")).toEqual(["a:1"]);
    await driver.clear("a:");
    expect(await table.keys()).toEqual([]);
    await driver.setItem("b", "text");
    await driver.removeItem("b");
    expect(await table.keys()).toEqual([]);
  });
});

describe("attributes of JavaScript's own objects", () => {
  const table = useTable({ hash: { name: "constructor", type: "S" } });

  it("[API-10] names such as __proto__ are names like any other", async () => {
    const attributes = { key: "constructor", value: "__proto__", ttl: "toString" };
    const driver = table.driver({ attributes });
    await driver.setItem("k", "text");
    expect(await driver.getItem("k")).toBe("text");
    expect(await driver.hasItem("k")).toBe(true);
    expect(await driver.getKeys()).toEqual(["k"]);
  });
});

describe("renaming one by one", () => {
  const table = useTable();
  const pk = useTable({ hash: { name: "pk", type: "S" } });

  it("[OPT-5] key alone", async () => {
    const driver = pk.driver({ attributes: { key: "pk" } });
    await driver.setItem("k", "text", { ttl: 60 });
    expect(Object.keys((await pk.getRow("k")) ?? {}).sort()).toEqual(["pk", "ttl", "value"]);
    expect(await driver.getKeys()).toEqual(["k"]);
  });

  it("[OPT-5] value alone, and the ttl alone", async () => {
    await table.driver({ attributes: { value: "content" } }).setItem("v", "text", { ttl: 60 });
    await table.driver({ attributes: { ttl: "expires" } }).setItem("t", "text", { ttl: 60 });
    expect(Object.keys((await table.getRow("v")) ?? {}).sort()).toEqual(["content", "key", "ttl"]);
    expect(Object.keys((await table.getRow("t")) ?? {}).sort()).toEqual([
      "expires",
      "key",
      "value",
    ]);
  });

  it("[OPT-5] undefined and null keep the default name", async () => {
    const attributes = { key: undefined, value: null, ttl: undefined };
    await table.driver({ attributes }).setItem("d", "text");
    expect(await table.getRow("d")).toEqual({ key: { S: "d" }, value: { S: "text" } });
  });
});
