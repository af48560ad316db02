import { expect, it } from "vitest";
import { type Row, useTable } from "./helpers/table";

const table = useTable();
const past = { N: "1000000000" };
const future = { N: "4000000000" };
const value = { S: "v" };

it("[GET-1] text is returned unchanged", async () => {
  const plain = ["text", " ", "\0", "null", "0", "false", `{"a":1}`, "line\nbreak"];
  for (const text of [...plain, "日本 👩‍👩‍👧 \u202e", "x".repeat(99_999)]) {
    await table.putRow("read", { value: { S: text } });
    expect(await table.driver().getItem("read")).toBe(text);
  }
});

it("[GET-2] the empty string is a value", async () => {
  const driver = table.driver();
  await driver.setItem("empty", "");
  expect(await driver.getItem("empty")).toBe("");
  expect(await driver.hasItem("empty")).toBe(true);
  expect(await table.getRow("empty")).toEqual({ key: { S: "empty" }, value: { S: "" } });
});

it.each<[string, Row | undefined, boolean]>([
  ["[GET-1] a missing row", undefined, false],
  ["[GET-1] an expired row", { value, ttl: past }, false],
  ["[GET-3] a row without a value", {}, false],
  ["[GET-3] a row without a value that expires later", { ttl: future, content: { S: "x" } }, false],
  ["[GET-3] a row without a value that has expired", { ttl: past }, false],
  ["[GET-1] a row", { value }, true],
  ["[GET-1] a row that expires later", { value, ttl: future }, true],
])("[HAS-1] %s: getItem and hasItem agree", async (name, row, has) => {
  if (row) await table.putRow(name, row);
  expect(await table.driver().getItem(name)).toBe(has ? "v" : null);
  expect(await table.driver().hasItem(name)).toBe(has);
});

it("[SET-1] a write replaces the whole row", async () => {
  await table.putRow("whole", { value: { N: "5" }, ttl: past, note: { S: "from elsewhere" } });
  expect(await table.driver().setItem("whole", "new")).toBeUndefined();
  expect(await table.getRow("whole")).toEqual({ key: { S: "whole" }, value: { S: "new" } });
});

it("[DEL-1] removeItem deletes only that row; a missing row is not an error", async () => {
  const driver = table.driver();
  await table.empty();
  await table.putRow("gone", { value });
  await table.putRow("gone too", { ttl: past });
  await table.putRow("gone:not", { value });
  for (const key of ["gone", "gone too", "never there"]) {
    expect(await driver.removeItem(key)).toBeUndefined();
  }
  expect(await table.keys()).toEqual(["gone:not"]);
});
