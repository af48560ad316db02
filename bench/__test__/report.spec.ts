import { describe, expect, it } from "vitest";

import { inLines } from "../lib/lines.mjs";
import { outcomeTable, withBlocks } from "../lib/report/markdown.mjs";
import { barChart } from "../lib/report/svg.mjs";
import { summarise } from "../lib/stats.mjs";
import { report } from "../report.mjs";

describe("charts", () => {
  const svg = barChart({
    title: "A <b>",
    subtitle: "s",
    names: { driver: "ours", reference: "theirs" },
    groups: [
      {
        label: "read & write",
        note: "2× less",
        bars: [
          { name: "driver", value: 50, text: "50 µs" },
          { name: "reference", value: 100, text: "100 µs" },
        ],
      },
    ],
  });
  const bars = [
    ...svg.matchAll(/<rect class="c(\d)" x="\d+" y="\d+" width="(\d+)" height="14"/g),
  ].map(([, colour, width]) => [Number(colour), Number(width)]);

  it("a bar is as long as its value, in its own colour", () => {
    expect(bars.map(([colour]) => colour)).toEqual([0, 1]);
    expect(bars[1]![1]).toBe(bars[0]![1]! * 2);
  });

  it("text is escaped, and every element closed", () => {
    expect(svg).toContain("A &lt;b&gt;");
    expect(svg).toContain("read &amp; write");
    const opened = svg.match(/<(?!\/)(text|title|style|svg)\b/g)!.length;
    expect(svg.match(/<\/(text|title|style|svg)>/g)).toHaveLength(opened);
  });

  it("has colours for a dark page, and words for who cannot see it", () => {
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).toMatch(/<title>.*ours 50 µs, theirs 100 µs<\/title>/);
  });
});

describe("documents", () => {
  it("blocks are replaced between their marks, and only there", () => {
    const document = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
    const changed = withBlocks(document, { x: "new" });
    expect(changed).toBe("a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb\n");
    expect(withBlocks(changed, { x: "new" })).toBe(changed);
    expect(() => withBlocks(document, { y: "new" })).toThrow("bench:y");
  });

  it("a table has a row for each contestant and the ratio last", () => {
    const outcome = {
      driver: { throughput: summarise([30]), cpu: summarise([1, 2, 3]) },
      reference: { throughput: summarise([10]), cpu: summarise([20]) },
    };
    const rows = outcomeTable("t", outcome, ["throughput", "cpu"]).split("\n").slice(2);
    expect(rows[2]).toBe("| driver | 30.0 | 2.00 <sub>±50 %</sub> |");
    expect(rows.at(-1)).toBe("| ratio | **3.00×** | **10.0×** |");
  });

  it("charts, tables and README are what the latest run says", () => {
    expect(() => report(true)).not.toThrow();
  });
});

describe("results in lines", () => {
  it("are the same JSON, with a line for each member down to the depth", () => {
    const value = { a: { b: { c: [1, "x\n"] }, d: null }, e: [{ f: 1 }], none: undefined };
    const text = inLines(value, 2);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(text.split("\n")).toHaveLength(9);
    expect(text).toContain(`"b": {"c":[1,"x\\n"]}`);
    expect(inLines(undefined, 1)).toBe("null");
  });
});
