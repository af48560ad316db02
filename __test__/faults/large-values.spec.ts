// Large values while the network, the service and the processes that write them fail.
import { expect, inject, it } from "vitest";
import { testSeed } from "../helpers/random";
import { History } from "./rig/history.mjs";
import { largeValues } from "./rig/large.mjs";

const operations = Number(process.env.FAULT_LARGE_OPERATIONS ?? 600);

it(`[case 54] no large value lost or torn in ${operations} operations of three writers with faults and kill -9`, async () => {
  const seed = testSeed();
  const result = await largeValues(inject("endpoint"), { seed, operations });
  console.log(JSON.stringify(result));
  expect(result.problems, `TEST_SEED=${seed}`).toEqual([]);
  expect(result.operations).toBeGreaterThanOrEqual(operations);
  // Otherwise the test would be meaningless.
  expect(result.kills).toBeGreaterThan(0);
  expect(result.orphans.swept).toBe(result.orphans.left);
  expect(result.large).toBeGreaterThan(operations / 10);
  expect(result.outcomes.resolved).toBeGreaterThan(operations / 4);
}, 600_000);

const write = (history: History, state: number, from: number, to: number) => {
  history.begin("k", state, from).to = to;
};
const read = (history: History, state: number, from: number, to: number) =>
  history.saw({ key: "k", state, from, to });

type Steps = (history: History) => void;
it.each<[string, Steps, number | undefined, number]>([
  ["a value that was written", (h) => (write(h, 3, 1, 2), read(h, 3, 3, 4)), 3, 0],
  ["the value before a write that runs", (h) => (write(h, 3, 1, 5), read(h, 0, 2, 3)), 3, 0],
  ["a write that may be late", (h) => (h.begin("k", 3, 1), write(h, 4, 2, 3)), 3, 0],
  ["one of two concurrent writes", (h) => (write(h, 3, 1, 4), write(h, 4, 2, 5)), 3, 0],
  [
    "a read of a replaced value",
    (h) => (write(h, 3, 1, 2), write(h, 4, 3, 4), read(h, 3, 5, 6)),
    4,
    1,
  ],
  ["a lost value", (h) => write(h, 3, 1, 2), 0, 1],
  ["a read before the write", (h) => (write(h, 3, 5, 6), read(h, 3, 1, 2)), 3, 1],
  ["a write whose condition was not met", (h) => h.undo("k", h.begin("k", 3, 1)), 3, 1],
  ["half a value", () => {}, undefined, 1],
])("the history of this test: %s", (_, steps, state, problems) => {
  const history = new History(["k"]);
  steps(history);
  history.compare(new Map([["k", state]]), 1000);
  expect(history.problems).toHaveLength(problems);
});
