import { describe, expect, it } from "vitest";

import recorded from "../guard-baseline.json";
import { cases, failing, judge, lower } from "../lib/instructions.mjs";

const baseline = { getItem: { main: 1000, others: 2000 } };

describe("the guard", () => {
  it.each([
    ["15 % more in both parts", { getItem: { main: 1150, others: 2300 } }, [true, true]],
    ["more than that in the main thread", { getItem: { main: 1151, others: 0 } }, [false, true]],
    ["more than that in the others", { getItem: { main: 0, others: 2301 } }, [true, false]],
    ["no baseline", { setItem: { main: 1, others: 1 } }, [false, false]],
  ])("judges each part by itself: %s", (_, measured, passed) => {
    expect(judge(measured, baseline).map((verdict) => verdict.passed)).toEqual(passed);
    expect(failing(measured, baseline)).toEqual(passed.every(Boolean) ? [] : Object.keys(measured));
  });

  it("has a baseline for each of its cases", () => {
    expect(Object.keys(recorded)).toEqual(Object.keys(cases));
  });

  it("keeps the lower of two counts, part by part", () => {
    const setItem = { main: 200, others: 2000 };
    const measured = { getItem: { main: 1500, others: 900 }, setItem };
    lower(measured, { getItem: { main: 1100, others: 1100 } });
    expect(measured).toEqual({ getItem: { main: 1100, others: 900 }, setItem });
  });
});
