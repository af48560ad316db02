import { describe, expect, it } from "vitest";

import { chosen, scenarios } from "../lib/scenarios.mjs";
import { summarise } from "../lib/stats.mjs";
import { judge, judgeLimits, targets } from "../lib/targets.mjs";

const one = (value: number) => summarise([value]);

describe("targets", () => {
  const target = { title: "t", scenario: "s", metric: "cpu", times: 12 };
  const outcomes = (driver: number, reference: number) => ({
    s: { driver: { cpu: one(driver) }, reference: { cpu: one(reference) } },
  });

  it("is met at the required ratio", () => {
    expect(judge(target, outcomes(10, 120))).toMatchObject({ met: true, reached: "12.0×" });
    expect(judge(target, outcomes(10, 119))).toMatchObject({ met: false, reached: "11.9×" });
  });

  it("may be a ratio to another contestant", () => {
    const s = { driver: { cpu: one(10) }, reference: { cpu: one(10) }, lean: { cpu: one(120) } };
    expect(judge({ ...target, against: "lean" }, { s })).toMatchObject({ reached: "12.0×" });
  });

  it("is not judged without measurements", () => {
    expect(judge(target, {})).toBeUndefined();
  });

  it.each([
    [true, { orEngineLimit: true }, 1099],
    [false, { orEngineLimit: true }, 1101],
    [false, { orEngineLimit: false }, 1099],
    [true, { orEngineLimit: true, times: 10 }, 5000],
  ])(
    "more throughput is better, up to the engine's limit: %s, %j, floor %i",
    (met, more, floor) => {
      const throughput = { driver: 1000, reference: 100, floor };
      const s = Object.fromEntries(
        Object.entries(throughput).map(([name, value]) => [name, { throughput: one(value) }]),
      );
      expect(judge({ ...target, metric: "throughput", ...more }, { s })?.met).toBe(met);
    },
  );

  it("the floor is the sum of request and call", () => {
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

  it("each target belongs to an existing scenario", () => {
    const names = scenarios.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(expect.arrayContaining(targets.map(({ scenario }) => scenario)));
  });

  it("a scenario is selected by its name or a prefix", () => {
    expect(chosen(["getItem-1KB-64"]).map(({ name }) => name)).toEqual(["getItem-1KB-64"]);
    expect(chosen(["getItem-1KB"])).toHaveLength(2);
    expect(chosen(["tls"]).every(({ endpoint }) => endpoint === "tls")).toBe(true);
    expect(chosen(["large"])).toHaveLength(4);
    expect(chosen(["nothing"])).toEqual([]);
    expect(chosen(undefined)).toEqual(scenarios);
  });
});
