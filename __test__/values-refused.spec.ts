// A value that a table cannot store is rejected with its path before any request, and never dropped.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("values that cannot be stored", () => {
  class Opaque {}
  const itself: any[] = [];
  itself.push({ again: itself });
  const nested = (levels: number): any => (levels === 0 ? "x" : [nested(levels - 1)]);
  const refused: [string, unknown, RegExp][] = [
    ["undefined", undefined, /undefined/],
    ["undefined inside", { a: { b: [1, undefined] } }, /\.a\.b\[1\].*undefined/],
    ["a hole in a list", Object.assign([1], { 2: 3 }), /\[1\].*undefined/],
    ["a function", () => {}, /function/],
    ["a function inside", { f: () => {} }, /\.f.*function/],
    ["a symbol", Symbol("v"), /symbol/],
    ["NaN", Number.NaN, /NaN/],
    ["Infinity inside", [Number.POSITIVE_INFINITY], /\[0\].*infinite/],
    ["an integer beyond 2^53 - 1", 2 ** 53, /2\^53/],
    ["an instance of a class", new Opaque(), /class/],
    ["a Date", { at: new Date() }, /\.at.*class/],
    ["a RegExp", /x/, /class/],
    ["an Error", new Error("x"), /class/],
    ["a Promise", Promise.resolve("x"), /class/],
    ["a Blob", new Blob(["x"]), /class/],
    ["a String object", new String("v"), /class/],
    ["an empty set", new Set(), /empty set/],
    ["a mixed set", new Set(["a", 1]), /several types/],
    ["a set of booleans", new Set([true]), /set of another type/],
    ["a set of sets", new Set([new Set(["a"])]), /set of another type/],
    ["a lone high surrogate", "CANARY\ud800", /surrogate/],
    ["a lone low surrogate inside", ["\udc00CANARY"], /surrogate/],
    ["a lone surrogate in a name", { "\ud800": 1 }, /surrogate/],
    ["33 levels", nested(33), /32 levels/],
    ["a value in itself", itself, /in itself/],
    ["a Map with a key that is no string", new Map([[1, "a"]]), /Map/],
  ];

  it.each(refused)("[VAL-3] %s is rejected", async (_name, value, words) => {
    await table.putRow("refused", { value: { S: "old" } });
    const driver: any = table.driver({ endpoint: recorder.endpoint });
    const items = [
      { key: "first", value: "v" },
      { key: "refused", value },
    ];
    for (const call of [driver.setItem("refused", value), driver.setItems(items)]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_VALUE" });
      expect(error).toMatchObject({ key: "refused", retryable: false });
      expect(error.message).toMatch(words);
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
    }
    expect(recorder.exchanges).toEqual([]);
    expect(await table.getRow("refused")).toEqual({ key: { S: "refused" }, value: { S: "old" } });
    expect(await table.getRow("first")).toBeUndefined();
  });

  it("[VAL-3] the maximum depth is accepted", async () => {
    const driver = table.driver();
    await driver.setItem("deep", nested(31));
    expect(await driver.getItem("deep")).toEqual(nested(31));
  });

  it("[VAL-3] a getter that throws stores nothing, and its error is the cause", async () => {
    const reason = new Error("from the getter");
    const value = Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        throw reason;
      },
    });
    const error = await failureOf(
      table.driver({ endpoint: recorder.endpoint }).setItem("k", value),
    );
    expect(error.cause).toBe(reason);
    expect(recorder.exchanges).toEqual([]);
  });
});
