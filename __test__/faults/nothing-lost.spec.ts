// Random operations while the network, the service and the client itself fail, with a ledger of the possible contents
// of the table.
import { describe, expect, inject, it } from "vitest";
import { testSeed } from "../helpers/random";
import { Ledger, stateOf, textOf } from "./rig/ledger.mjs";
import { nothingLost } from "./rig/nothing-lost.mjs";

const operations = Number(process.env.FAULT_OPERATIONS ?? 10_000);

it(`[case 18] [case 39] no data lost in ${operations} random operations with network faults and kill -9`, async () => {
  const seed = testSeed();
  const result = await nothingLost(inject("endpoint"), { seed, operations });
  console.log(JSON.stringify(result));
  expect(result.problems, `TEST_SEED=${seed}`).toEqual([]);
  expect(result.operations).toBeGreaterThanOrEqual(operations);
  // Otherwise the test would be meaningless.
  expect(result.kills).toBeGreaterThan(operations / 2000);
  expect(Object.keys(result.faults).sort()).toEqual(
    "connection cut failed late leftover lost refused throttled unanswered".split(" "),
  );
  expect(result.outcomes.resolved).toBeGreaterThan(operations / 10);
  expect(result.outcomes["ERR_CAS_MISMATCH"]).toBeGreaterThan(operations / 1000);
}, 600_000);

describe("the ledger of this test", () => {
  const row = (id: number, text = textOf(id, 50)): Record<string, any> => ({
    key: { S: "a" },
    value: { S: text },
    ...(id % 2 === 0 ? { ttl: { N: "1" } } : {}),
  });
  const resolved = (ledger: Ledger): void => ledger.write("a", 3, true);
  const rejected = (ledger: Ledger): void => {
    resolved(ledger);
    ledger.write("a", 4, false);
  };
  const cleared = (ledger: Ledger): void => {
    ledger.write("x:a", 3, true);
    ledger.write("y:a", 5, true);
    ledger.clear("x:", true);
  };
  const listed =
    (...keys: string[]) =>
    (ledger: Ledger): void => {
      ledger.write("x:a", 3, true);
      ledger.write("x:b", 4, false);
      ledger.listed(
        "x:",
        keys.map((key) => `x:${key}`),
      );
      // These tests do not depend on the contents of the table.
      ledger.clear("", true);
    };

  /** A write on condition to an empty key or to one that may also hold write 3. */
  const condition =
    (needs: string, isMet: boolean, maybe = false) =>
    (ledger: Ledger): void => {
      if (maybe) ledger.write("a", 3, false);
      const before = ledger.possible("a");
      ledger.write("a", 5, isMet);
      ledger.condition("a", before, needs, isMet);
    };

  it.each<[string, (ledger: Ledger) => void, Record<string, number>, number]>([
    ["a condition that was met", condition("no item", true), { a: 5 }, 0],
    ["a condition that was met and not written", condition("no item", true), {}, 1],
    ["a condition that could not be met", condition("item", true), { a: 5 }, 1],
    ["a mismatch", condition("item", false), {}, 0],
    ["a mismatch that was written", condition("item", false), { a: 5 }, 1],
    ["a mismatch that shows what is there", condition("no item", false, true), { a: 3 }, 0],
    ["a mismatch that shows what was lost", condition("no item", false, true), {}, 1],
    ["a false mismatch", condition("no item", false), {}, 1],
    ["a false mismatch of an etag", condition("what was read", false), {}, 1],
    ["a write that is there", resolved, { a: 3 }, 0],
    ["a write that is lost", resolved, {}, 1],
    ["a write that came back", resolved, { a: 5 }, 1],
    ["a write that was never made", () => {}, { b: 3 }, 1],
    ["a write that rejected and was not made", rejected, { a: 3 }, 0],
    ["a write that rejected and was made", rejected, { a: 4 }, 0],
    ["a write that rejected and is neither old nor new", rejected, {}, 1],
    ["a listing of what is there", listed("a"), {}, 0],
    ["a listing of what may be there", listed("a", "b"), {}, 0],
    ["a listing that lacks a key", listed("b"), {}, 1],
    ["a listing that has one too many", listed("a", "c"), {}, 1],
    ["a listing that has one twice", listed("a", "a"), {}, 1],
    ["a clear of its base alone", cleared, { "y:a": 5 }, 0],
    ["a clear that left something", cleared, { "x:a": 3, "y:a": 5 }, 1],
    ["a clear that removed too much", cleared, {}, 1],
  ])("%s", (_, write, rows, problems) => {
    const ledger = new Ledger();
    write(ledger);
    ledger.compare(new Map(Object.entries(rows).map(([key, id]) => [key, row(id)])));
    expect(ledger.problems).toHaveLength(problems);
  });

  it("a corrupt row: half a value, or the expiry of another write", () => {
    expect(stateOf(row(3))).toBe(3);
    for (const text of [
      textOf(3, 50).slice(1),
      textOf(3, 50).slice(0, 30) + textOf(4, 50).slice(30),
    ]) {
      expect(stateOf(row(3, text))).toBeUndefined();
    }
    expect(stateOf({ ...row(3), ttl: { N: "1" } })).toBeUndefined();
  });
});
