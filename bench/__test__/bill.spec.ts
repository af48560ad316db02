import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { readText } from "../../scripts/lib/project.mjs";
import { billScenarios, dollarsOf, priceDate, prices } from "../lib/bill.mjs";
import { ordersOf, pageOf, sessionOf } from "../lib/texts.mjs";

const loadOf = (name: string) => billScenarios.find((one) => one.name === `bill-${name}`)!.load;

describe("dollars per month", () => {
  it("are those in the guide's example: one listing of 10,000 read units a minute costs $54", () => {
    expect(dollarsOf({ readUnits: 10_000, writeUnits: 0 }, loadOf("list-1000"))).toBeCloseTo(54);
    expect(readText("docs", "guide", "costs.md")).toContain("adds $54.00");
  });

  it("include one unit for each of 100 requests per second, and a write for 3 % of them", () => {
    const read = 259.2 * prices.read;
    const write = 259.2 * 0.03 * prices.write;
    expect(dollarsOf({ readUnits: 1, writeUnits: 2 }, loadOf("html-2KB"))).toBeCloseTo(
      read + 2 * write,
    );
    const hot = dollarsOf({ readUnits: 60, writeUnits: 0 }, loadOf("hot"));
    expect(hot).toBeCloseTo((60 / 1000) * read);
  });

  it("use the guide's prices of the same date", () => {
    const text = readText("docs", "guide", "costs.md").replaceAll(/\s+/g, " ");
    expect(text).toContain(`looked up on ${priceDate}`);
    expect(text).toContain(`| 1 million read units | $${prices.read} |`);
    expect(text).toContain(`| 1 million write units | $${prices.write} |`);
  });
});

describe("texts", () => {
  it.each([2, 20, 100])("of %i KB have their full size and are the same each time", (kilobytes) => {
    for (const textOf of [pageOf, (size: number) => JSON.stringify(ordersOf(size))]) {
      const text = textOf(kilobytes * 1024);
      const bytes = Buffer.byteLength(text);
      expect(bytes).toBeLessThanOrEqual(kilobytes * 1024);
      expect(bytes).toBeGreaterThan(kilobytes * 1024 * 0.8);
      expect(textOf(kilobytes * 1024)).toBe(text);
      // Like typical texts of their kind, they compress by at most four to one.
      expect(bytes / gzipSync(text).length).toBeLessThan(4);
    }
  });

  it("of sessions differ, and are smaller than a write unit", () => {
    const sessions = Array.from({ length: 100 }, (_, number) => JSON.stringify(sessionOf(number)));
    expect(new Set(sessions).size).toBe(100);
    expect(Math.max(...sessions.map((session) => session.length))).toBeLessThan(900);
  });
});
