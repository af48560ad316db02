import { describe, expect, it } from "vitest";

import { alternate, figuresOf } from "../lib/alternate.mjs";
import { median, ratio, spread, summarise } from "../lib/stats.mjs";
import { valueOf } from "../lib/values.mjs";

describe("figures", () => {
  it("the median does not depend on the order and does not change its samples", () => {
    const samples = [5, 100, 1];
    expect(median(samples)).toBe(5);
    expect(samples).toEqual([5, 100, 1]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow("no samples");
  });

  it("the spread is the range relative to the median", () => {
    expect(spread(summarise([10, 9, 12]))).toBeCloseTo(0.3);
    expect(spread(summarise([0, 0]))).toBe(0);
  });

  it("a ratio needs both medians", () => {
    expect(ratio(summarise([24, 30, 12]), summarise([2]))).toBe(12);
    expect(ratio(summarise([24]), undefined)).toBeUndefined();
    expect(ratio(summarise([24]), summarise([0]))).toBeUndefined();
  });

  it("times are per operation, memory and delays per process", () => {
    const figures = figuresOf([
      { operations: 10, wall: 1000, cpu: 500, peakRss: 300, idleRss: 100, delayP99: 7 },
    ]);
    const wanted = { wall: 100, cpu: 50, throughput: 10_000, delayP99: 7, growth: 200 };
    const medians = Object.entries(figures).map(([name, { median: middle }]) => [name, middle]);
    expect(Object.fromEntries(medians)).toMatchObject(wanted);
  });
});

describe("rounds", () => {
  it("contestants alternate in every round", async () => {
    const order: string[] = [];
    const measure = async (contestant: string) => ({ operations: 1, wall: order.push(contestant) });
    const outcome = await alternate(["driver", "reference"], 2, () => {}, measure);
    expect(order).toEqual(["driver", "reference", "driver", "reference"]);
    expect(outcome.driver?.["wall"]?.samples).toEqual([1, 3]);
  });
});

describe("values", () => {
  it.each([256, 1024, 64 * 1024, 380 * 1024])("%i bytes of JSON, the same each time", (size) => {
    const value = valueOf(size);
    expect(Buffer.byteLength(value)).toBe(size);
    expect(JSON.parse(value).rows.length).toBeGreaterThan(0);
    expect(valueOf(size)).toBe(value);
  });
});
