// Random operations while the network, the service and the client itself break, and a ledger of what the table may hold.
import { describe, expect, inject, it } from "vitest";
import { Ledger, stateOf, textOf } from "./rig/ledger.mjs";
import { nothingLost } from "./rig/nothing-lost.mjs";
import { testSeed } from "../helpers/random";

const operations = Number(process.env.FAULT_OPERATIONS ?? 10_000);

describe("nothing lost", () => {
  it(`[case 18] [case 39] ${operations} random operations under chaos and kill -9`, async () => {
    const seed = testSeed();
    const result = await nothingLost(inject("endpoint"), { seed, operations });
    console.log(JSON.stringify(result));
    expect(result.problems, `TEST_SEED=${seed}`).toEqual([]);
    expect(result.operations).toBeGreaterThanOrEqual(operations);
    // Otherwise nothing was at stake.
    expect(result.kills).toBeGreaterThan(operations / 2000);
    expect(Object.keys(result.faults).sort()).toEqual(
      "connection cut failed late leftover lost refused throttled unanswered".split(" "),
    );
    expect(result.outcomes.resolved).toBeGreaterThan(operations / 10);
  }, 600_000);
});

describe("the ledger of that test notices", () => {
  const row = (id: number, text = textOf(id, 50)): Record<string, any> => ({
    key: { S: "a" },
    value: { S: text },
    ...(id % 2 === 0 ? { ttl: { N: "1" } } : {}),
  });
  const problemsOf = (rows: [string, Record<string, any>][], write: (ledger: Ledger) => void) => {
    const ledger = new Ledger();
    write(ledger);
    ledger.compare(new Map(rows), "");
    return ledger.problems.length;
  };

  it("a write that is lost, one that came back, and one that was never made", () => {
    const resolved = (ledger: Ledger): void => ledger.write("a", 3, true);
    expect(problemsOf([["a", row(3)]], resolved)).toBe(0);
    expect(problemsOf([], resolved)).toBe(1);
    expect(problemsOf([["a", row(5)]], resolved)).toBe(1);
    expect(problemsOf([["b", row(3)]], () => {})).toBe(1);
  });

  it("a write that rejected and is neither old nor new", () => {
    const rejected = (ledger: Ledger): void => {
      ledger.write("a", 3, true);
      ledger.write("a", 4, false);
    };
    expect(problemsOf([["a", row(3)]], rejected)).toBe(0);
    expect(problemsOf([["a", row(4)]], rejected)).toBe(0);
    expect(problemsOf([], rejected)).toBe(1);
  });

  it("a torn row: half a value, or the expiry of another write", () => {
    expect(stateOf(row(3))).toBe(3);
    expect(stateOf(row(3, textOf(3, 50).slice(1)))).toBeUndefined();
    expect(stateOf(row(3, textOf(3, 50).slice(0, 30) + textOf(4, 50).slice(30)))).toBeUndefined();
    expect(stateOf({ ...row(3), ttl: { N: "1" } })).toBeUndefined();
  });

  it("a listing that lacks a key, has one too many, or one twice", () => {
    const listing = (keys: string[]): number => {
      const ledger = new Ledger();
      ledger.write("x:a", 3, true);
      ledger.write("x:b", 4, false);
      ledger.listed("x:", keys);
      return ledger.problems.length;
    };
    expect([listing(["x:a"]), listing(["x:a", "x:b"])]).toEqual([0, 0]);
    expect([listing(["x:b"]), listing(["x:a", "x:c"]), listing(["x:a", "x:a"])]).toEqual([1, 1, 1]);
  });

  it("a clear that left something, or took what it was not meant for", () => {
    const cleared = (ledger: Ledger): void => {
      ledger.write("x:a", 3, true);
      ledger.write("y:a", 5, true);
      ledger.clear("x:", true);
    };
    expect(problemsOf([["y:a", row(5)]], cleared)).toBe(0);
    expect(
      problemsOf(
        [
          ["x:a", row(3)],
          ["y:a", row(5)],
        ],
        cleared,
      ),
    ).toBe(1);
    expect(problemsOf([], cleared)).toBe(1);
  });
});
