import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const table = useTable();
const past = { N: "1000000000" };

describe("reading", () => {
  const texts = [
    "text",
    " ",
    "\0",
    "null",
    "0",
    "false",
    `{"a":1}`,
    "line\nbreak",
    "日本 👩‍👩‍👧 \u202e",
    "x".repeat(99_999),
  ];
  it.each(texts.map((text) => [inspect(text, { maxStringLength: 20 }), text]))(
    "[GET-1] gives the text %s as stored",
    async (_, text) => {
      await table.putRow("read", { value: { S: text } });
      expect(await table.driver().getItem("read")).toBe(text);
    },
  );

  it("[GET-1] returns null for missing and expired items", async () => {
    const driver = table.driver();
    await table.putRow("expired", { value: { S: "v" }, ttl: past });
    expect(await driver.getItem("missing")).toBeNull();
    expect(await driver.getItem("expired")).toBeNull();
  });

  it("[GET-2] the empty string is a value", async () => {
    const driver = table.driver();
    await driver.setItem("empty", "");
    expect(await driver.getItem("empty")).toBe("");
    expect(await driver.hasItem("empty")).toBe(true);
    expect(await table.getRow("empty")).toEqual({ key: { S: "empty" }, value: { S: "" } });
  });

  it("[GET-3] a row without the value attribute is read as null", async () => {
    const driver = table.driver();
    await table.putRow("bare", {});
    await table.putRow("bare, with an expiry", { ttl: { N: "4000000000" }, content: { S: "x" } });
    expect(await driver.getItem("bare")).toBeNull();
    expect(await driver.getItem("bare, with an expiry")).toBeNull();
  });

  it("[HAS-1] true if and only if the row has not expired and has the value attribute", async () => {
    const driver = table.driver();
    await table.putRow("alive", { value: { S: "v" } });
    await table.putRow("alive, later", { value: { S: "v" }, ttl: { N: "4000000000" } });
    await table.putRow("dead", { value: { S: "v" }, ttl: past });
    await table.putRow("no value", {});
    await table.putRow("dead, no value", { ttl: past });
    const keys = ["alive", "alive, later", "dead", "no value", "dead, no value", "missing"];
    const answers = await Promise.all(keys.map((key) => driver.hasItem(key)));
    expect(answers).toEqual([true, true, false, false, false, false]);
  });
});

describe("writing", () => {
  it("[SET-1] replaces the whole row", async () => {
    const row = { value: { N: "5" }, ttl: past, note: { S: "from elsewhere" } };
    await table.putRow("whole", row);
    const driver = table.driver();
    expect(await driver.setItem("whole", "new")).toBeUndefined();
    expect(await table.getRow("whole")).toEqual({ key: { S: "whole" }, value: { S: "new" } });
  });
});

describe("removing", () => {
  it("[DEL-1] deletes only that row", async () => {
    const driver = table.driver();
    await table.empty();
    await table.putRow("gone", { value: { S: "v" } });
    await table.putRow("gone too", { ttl: past });
    await table.putRow("gone:not", { value: { S: "v" } });
    expect(await driver.removeItem("gone")).toBeUndefined();
    await driver.removeItem("gone too");
    expect(await table.keys()).toEqual(["gone:not"]);
  });

  it("[DEL-1] removing a missing item is not an error", async () => {
    expect(await table.driver().removeItem("never there")).toBeUndefined();
  });
});
