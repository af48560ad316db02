// Attribute names: reserved words, punctuation, and the layout of a table with custom names.
import { describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const past = { N: "1000000000" };

describe.each([
  ["the defaults, reserved words all three", { key: "key", value: "value", ttl: "ttl" }],
  ["reserved words of SQL", { key: "select", value: "from", ttl: "where" }],
  ["dots, hashes, colons and spaces", { key: "a.b", value: "c#d:e", ttl: "f g" }],
  ["a leading digit, quotes and brackets", { key: "1x", value: `"'\\`, ttl: "x[0]" }],
  ["other scripts", { key: "ключ", value: "値", ttl: "⏱" }],
  ["names of the driver's own placeholders", { key: "#k", value: ":now", ttl: "#t" }],
  ["names of JavaScript's own", { key: "constructor", value: "valueOf", ttl: "toString" }],
  ["255 characters", { key: "k".repeat(255), value: "v".repeat(255), ttl: "t".repeat(255) }],
])("attributes: %s", (_, names) => {
  const table = useTable({ hash: { name: names.key, type: "S" } });

  it("[API-10] [OPT-5] every method works, and the row has exactly these names", async () => {
    const driver = table.driver({ attributes: names });
    await driver.setItem("a:1", "text", { ttl: 3600 });
    expect(await table.getRow("a:1")).toEqual({
      [names.key]: { S: "a:1" },
      [names.value]: { S: "text" },
      [names.ttl]: { N: expect.stringMatching(/^\d{10,}$/) },
    });
    await table.putRow("a:2", { [names.value]: { S: "old" }, [names.ttl]: past });
    expect([await driver.getItem("a:1"), await driver.getItem("a:2")]).toEqual(["text", null]);
    expect([await driver.hasItem("a:1"), await driver.hasItem("a:2")]).toEqual([true, false]);
    expect(await driver.getKeys("a:")).toEqual(["a:1"]);
    await driver.clear("a:");
    expect(await table.keys()).toEqual([]);
    await driver.setItem("b", "text");
    await driver.removeItem("b");
    expect(await table.keys()).toEqual([]);
  });
});

describe("attributes", () => {
  const table = useTable();
  const pk = useTable({ hash: { name: "pk", type: "S" } });

  it("[API-10] `__proto__` is a name like any other", async () => {
    const driver = table.driver({ attributes: { value: "__proto__" } });
    await driver.setItem("k", "text");
    expect(await driver.getItem("k")).toBe("text");
    expect(await driver.hasItem("k")).toBe(true);
    expect(await driver.getKeys()).toEqual(["k"]);
  });

  it.each([
    [pk, { key: "pk" }, ["pk", "ttl", "value"]],
    [table, { value: "content" }, ["content", "key", "ttl"]],
    [table, { ttl: "expires" }, ["expires", "key", "value"]],
    [table, { key: undefined, value: null, ttl: undefined }, ["key", "ttl", "value"]],
  ])("[OPT-5] are renamed one by one, defaults kept: %#", async (where, attributes, names) => {
    const driver = where.driver({ attributes });
    await driver.setItem("one", "text", { ttl: 60 });
    expect(Object.keys((await where.getRow("one")) ?? {}).sort()).toEqual(names);
    expect(await driver.getItem("one")).toBe("text");
  });
});
