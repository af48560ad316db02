import { describe, expect, it } from "vitest";

import { judge as judgeInstructions } from "../lib/instructions.mjs";
import { chosen, scenarios } from "../lib/scenarios.mjs";
import { summarise } from "../lib/stats.mjs";
import { judge, judgeLimits, targets } from "../lib/targets.mjs";

const one = (value: number) => summarise([value]);

describe("targets", () => {
  const target = { title: "t", scenario: "s", metric: "cpu", times: 12 };
  const outcomes = (driver: number, reference: number) => ({
    s: { driver: { cpu: one(driver) }, reference: { cpu: one(reference) } },
  });

  it("is met from the wanted ratio on", () => {
    expect(judge(target, outcomes(10, 120))).toMatchObject({ met: true, reached: "12.0×" });
    expect(judge(target, outcomes(10, 119))).toMatchObject({ met: false, reached: "11.9×" });
  });

  it("is not judged where nothing was measured", () => {
    expect(judge(target, {})).toBeUndefined();
  });

  it("more is better where it says so, and the engine's limit counts where it may", () => {
    const more = { ...target, metric: "throughput", better: "more", orEngineLimit: true } as const;
    const run = (floor: number) => ({
      s: {
        driver: { throughput: one(1000) },
        reference: { throughput: one(100) },
        floor: { throughput: one(floor) },
      },
    });
    expect(judge(more, run(1099))?.met).toBe(true);
    expect(judge(more, run(1101))?.met).toBe(false);
    expect(judge({ ...more, orEngineLimit: false }, run(1099))?.met).toBe(false);
    expect(judge({ ...more, times: 10 }, run(5000))?.met).toBe(true);
  });

  it("the floor is the request and the call together", () => {
    const verdict = (driver: number) =>
      judgeLimits({
        "getItem-1KB-64": {
          driver: { cpu: one(driver) },
          floor: { cpu: one(15) },
          boundary: { cpu: one(10) },
        },
      }).find(({ title }) => title.startsWith("stretch"));
    expect(verdict(40)).toMatchObject({ met: true, reached: "1.60×" });
    expect(verdict(41)?.met).toBe(false);
  });

  it("each target is of a scenario that is run", () => {
    const names = scenarios.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(targets.map(({ scenario }) => scenario).filter((name) => !names.includes(name))).toEqual(
      [],
    );
  });

  it("a scenario is chosen by its name or how that begins", () => {
    expect(chosen(["getItem-1KB-64"]).map(({ name }) => name)).toEqual(["getItem-1KB-64"]);
    expect(chosen(["getItem-1KB"])).toHaveLength(3);
    expect(chosen(["nothing"])).toEqual([]);
    expect(chosen(undefined)).toEqual(scenarios);
  });
});

describe("the guard", () => {
  const baseline = { getItem: { main: 1000, others: 2000 } };
  const verdicts = (main: number, others: number) =>
    judgeInstructions({ getItem: { main, others } }, baseline).map(({ passed }) => passed);

  it("lets 15 % pass and no more, in each part by itself", () => {
    expect(verdicts(1150, 2300)).toEqual([true, true]);
    expect(verdicts(1151, 0)).toEqual([false, true]);
    expect(verdicts(0, 2301)).toEqual([true, false]);
  });

  it("fails without a baseline to compare with", () => {
    const now = { setItem: { main: 1, others: 1 } };
    expect(judgeInstructions(now, baseline).map(({ passed }) => passed)).toEqual([false, false]);
  });
});
