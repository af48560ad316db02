import { describe, expect, it } from "vitest";

import { failing, judge, lower } from "../lib/instructions.mjs";

const baseline = {
  getItem: { main: 100, others: 1000 },
  setItem: { main: 200, others: 2000 },
};

describe("the guard", () => {
  it("lets a figure exceed its baseline by 15 % and no more, each part by itself", () => {
    const measured = {
      getItem: { main: 115, others: 1150 },
      setItem: { main: 231, others: 1000 },
    };
    expect(judge(measured, baseline).map(({ passed }) => passed)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(failing(measured, baseline)).toEqual(["setItem"]);
  });

  it("does not pass what has no baseline", () => {
    expect(failing({ removeItem: { main: 1, others: 1 } }, baseline)).toEqual(["removeItem"]);
  });

  it("keeps the lower of two counts, part by part", () => {
    const measured = {
      getItem: { main: 150, others: 900 },
      setItem: { main: 200, others: 2000 },
    };
    lower(measured, { getItem: { main: 110, others: 1100 } });
    expect(measured).toEqual({
      getItem: { main: 110, others: 900 },
      setItem: { main: 200, others: 2000 },
    });
    expect(failing(measured, baseline)).toEqual([]);
  });
});
