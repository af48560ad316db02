// The documented lock, limiter and counter, and conditional writes, while the network, the service and the contenders
// fail. Two seeds; `node __test__/faults/rig/main.mjs cas` runs more.
import { expect, inject, it } from "vitest";
import { testSeed } from "../helpers/random";
import { contention, underFaults } from "./rig/contention.mjs";

const first = testSeed();

it.each([first, first + 1])(
  "[case 53] no lock held twice, no increment lost and no wrong mismatch, with faults and kill -9 (seed %d)",
  async (seed) => {
    const result = await contention(inject("endpoint"), { ...underFaults, seed });
    console.log(JSON.stringify(result));
    expect(result.problems, `TEST_SEED=${seed}`).toEqual([]);
    // Otherwise the test would be meaningless.
    expect(result.kills).toBeGreaterThan(0);
    expect(result.held).toBeGreaterThan(0);
    expect(result.counted).toBeGreaterThan(0);
    expect(Object.keys(result.faults).sort()).toEqual(
      "connection cut failed late lost overtaken refused throttled unanswered".split(" "),
    );
    const { swap = {} } = result.outcomes;
    for (const outcome of ["resolved", "ERR_CAS_MISMATCH", "ERR_DYNAMODB_OUTCOME_UNKNOWN"]) {
      expect(swap[outcome], outcome).toBeGreaterThan(0);
    }
  },
);
