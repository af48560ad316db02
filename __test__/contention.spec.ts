// The documented lock, rate limiter and counter with 50 contenders each, in processes of their own, and the judge of this
// test. With faults and killed processes: __test__/faults/contention.spec.ts.
import { describe, expect, inject, it } from "vitest";
import { contention } from "./faults/rig/contention.mjs";
import { type Call, type Executed, judge } from "./faults/rig/witness.mjs";
import { testSeed } from "./helpers/random";

it("[CAS-2] [CAS-8] 50 contenders: one holder at a time, no increment lost, no call above the limit", async () => {
  const seed = testSeed();
  const workers = { lock: 10, counter: 10, limiter: 10, swap: 10 };
  // No lock expires while its holder works.
  const given = { seed, processes: 5, workers, rounds: 1, ttl: 3600 };
  const result = await contention(inject("endpoint"), given);
  expect(result.problems, `TEST_SEED=${seed}`).toEqual([]);
  expect(result.outcomes).toMatchObject({
    lock: { resolved: 50 },
    counter: { resolved: 50 },
    limiter: { resolved: 50 },
  });
  expect(result).toMatchObject({ held: 50, counted: 50, unknown: { executed: 0, not: 0 } });
  const { resolved, ERR_CAS_MISMATCH: mismatches } = result.outcomes["swap"]!;
  expect(resolved).toBeGreaterThan(0);
  expect(mismatches).toBeGreaterThan(0);
}, 300_000);

describe("the judge of this test", () => {
  const lock = (call: string, from: number, to?: number): Call => ({
    call,
    kind: "lock",
    from,
    until: 100,
    ...(to === undefined ? {} : { to }),
  });
  const number = (call: string, one?: number): Call => ({
    call,
    kind: "counter",
    ...(one === undefined ? {} : { number: one, outcome: "resolved" }),
  });
  const increments = (writes: [count: number, id: string][]): Executed[] =>
    writes.map(([count, id]) => ({
      key: "counter",
      value: { M: { count: { N: `${count}` }, ids: { L: [{ S: id }] } } },
    }));
  const counted = (...numbers: number[]): Executed[] =>
    increments(numbers.map((count, index) => [count, `id ${index}`]));
  const twice = increments([
    [1, "a"],
    [2, "a"],
  ]);
  const admission = (call: string, admitted: boolean): Call => ({
    call,
    kind: "limiter",
    admitted,
  });
  const used = (...numbers: number[]): Executed[] =>
    numbers.map((one) => ({ key: "limiter:1", value: { N: `${one}` } }));
  const swap = (outcome: string, etag?: string): Call => ({
    call: "a",
    kind: "swap",
    key: "k",
    outcome,
    ...(etag ? { etag } : {}),
  });
  const written: Executed[] = [{ key: "k", value: { S: "a" }, etag: "x" }];
  const remove = (outcome: string): Call => ({
    call: "a",
    kind: "remove",
    key: "k",
    outcome,
    ifMatch: "x",
  });
  const mismatch = "ERR_CAS_MISMATCH";

  it.each<[string, number, Call[], Executed[]]>([
    ["holders one after another", 0, [lock("b", 20, 30), lock("a", 10, 20)], []],
    ["a holder before the end of another", 1, [lock("a", 10, 20), lock("b", 19, 30)], []],
    ["a holder after the expiry of one that was killed", 0, [lock("a", 10), lock("b", 100)], []],
    ["a holder before that expiry", 1, [lock("a", 10), lock("b", 99, 100)], []],
    ["every increment", 0, [number("a", 2), number("b", 1)], counted(1, 2)],
    ["a killed increment that was counted", 0, [number("a", 2), number("b")], counted(1, 2)],
    ["a killed increment that was not", 0, [number("a", 1), number("b")], counted(1)],
    ["a number returned twice", 1, [number("a", 1), number("b", 1)], counted(1)],
    ["a number stored twice: a lost increment", 1, [number("a", 1), number("b")], counted(1, 1)],
    ["an increment counted twice", 1, [number("a", 2), number("b")], twice],
    ["more counted than called", 1, [number("a", 2)], counted(1, 2)],
    ["an increment that was not counted", 1, [number("a", 3), number("b", 1)], counted(1, 2)],
    ["a full limiter", 0, [admission("a", true), admission("b", false)], used(1, 2)],
    ["more admitted than counted", 1, [admission("a", true), admission("b", true)], used(1)],
    ["more than the limit", 1, [], used(3)],
    ["a refusal below the limit", 1, [admission("a", false)], used(1)],
    ["a success with its etag", 0, [swap("resolved", "x")], written],
    ["a success whose etag never existed", 1, [swap("resolved", "y")], written],
    ["a success that was not written", 1, [swap("resolved", "x")], []],
    ["a mismatch that was not written", 0, [swap(mismatch)], []],
    ["a mismatch that was written", 1, [swap(mismatch)], written],
    ["an unknown outcome, written", 0, [swap("ERR_DYNAMODB_OUTCOME_UNKNOWN")], written],
    ["an unknown outcome, not written", 0, [swap("ERR_DYNAMODB_OUTCOME_UNKNOWN")], []],
    ["a removal", 0, [remove("resolved")], [{ key: "k", removed: "x" }]],
    ["a removal that did not happen", 1, [remove("resolved")], []],
    ["a removal that every call denies", 1, [remove(mismatch)], [{ key: "k", removed: "x" }]],
    [
      "a removal by another",
      0,
      [remove(mismatch), remove("resolved")],
      [{ key: "k", removed: "x" }],
    ],
  ])("%s", (_, problems, calls, history) => {
    expect(judge(calls, history, { limit: 2 })).toHaveLength(problems);
  });
});
