// A value that a table cannot store is rejected with its path before any request, and never dropped.
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";

const { table, recorder, recorded } = useRecordedTable();

class Opaque {}
const itself: any[] = [];
itself.push({ again: itself });
const nested = (levels: number): any => (levels === 0 ? "x" : [nested(levels - 1)]);

it.each<[string, unknown, RegExp]>([
  ["undefined", undefined, /undefined/],
  ["nested undefined", { a: { b: [1, undefined] } }, /\.a\.b\[1\].*undefined/],
  ["a hole in a list", Object.assign([1], { 2: 3 }), /\[1\].*undefined/],
  ["a function", () => {}, /function/],
  ["a nested function", { f: () => {} }, /\.f.*function/],
  ["a symbol", Symbol("v"), /symbol/],
  ["NaN", Number.NaN, /NaN/],
  ["nested Infinity", [Number.POSITIVE_INFINITY], /\[0\].*infinite/],
  ["an integer beyond 2^53 - 1", 2 ** 53, /2\^53/],
  ["an instance of a class", new Opaque(), /class/],
  ["a Date", { at: new Date() }, /\.at.*class/],
  ["a Blob", new Blob(["x"]), /class/],
  ["a String object", new String("v"), /class/],
  ["an empty set", new Set(), /empty set/],
  ["a mixed set", new Set(["a", 1]), /several types/],
  ["a set of booleans", new Set([true]), /set of another type/],
  ["a set of sets", new Set([new Set(["a"])]), /set of another type/],
  ["a lone high surrogate", "CANARY\ud800", /surrogate/],
  ["a nested lone low surrogate", ["\udc00CANARY"], /surrogate/],
  ["a lone surrogate in a name", { "\ud800": 1 }, /surrogate/],
  ["33 levels of nesting", nested(33), /32 levels/],
  ["a cycle", itself, /in itself/],
  ["a Map with a key that is not a string", new Map([[1, "a"]]), /Map/],
])("[VAL-3] %s is rejected", async (_, value, words) => {
  const row = { key: { S: "refused" }, value: { S: "old" } };
  await table.putItem(row);
  const items = [
    { key: "first", value: "v" },
    { key: "refused", value },
  ];
  for (const call of [recorded().setItem("refused", value), recorded().setItems(items)]) {
    const error = await failureOf(call);
    const shape = { name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_VALUE", key: "refused" };
    expect(error).toMatchObject({ ...shape, retryable: false });
    expect(error.message).toMatch(words);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
  }
  expect(recorder.exchanges).toEqual([]);
  expect(await table.rows()).toEqual([row]);
});

it("[VAL-3] the deepest nesting that is allowed is stored", async () => {
  await table.driver().setItem("refused", nested(31));
  expect(await table.driver().getItem("refused")).toEqual(nested(31));
});

it("[VAL-3] if a getter throws, nothing is stored and its error is the cause", async () => {
  const reason = new Error("from the getter");
  const value = {
    get a() {
      throw reason;
    },
  };
  expect((await failureOf(recorded().setItem("k", value))).cause).toBe(reason);
  expect(recorder.exchanges).toEqual([]);
});
