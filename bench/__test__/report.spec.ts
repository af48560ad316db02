import { describe, expect, it } from "vitest";

import { inLines } from "../lib/lines.mjs";
import { overview } from "../lib/report/charts.mjs";
import {
  billBlock,
  clientsBlock,
  outcomeTable,
  takenOn,
  withBlocks,
} from "../lib/report/markdown.mjs";
import { summarise } from "../lib/stats.mjs";
import { report } from "../report.mjs";

describe("the chart", () => {
  const figures = (driver: number, reference: number) => ({
    driver: { wall: summarise([driver]) },
    reference: { wall: summarise([reference]) },
  });

  it("has a pair of bars for each figure, and is the same each time", () => {
    const svg = overview({ cold: figures(10_000, 50_000) });
    expect(svg).toMatch(/10.0 ms.*50.0 ms/s);
    expect(svg).toContain("5.00× faster");
    expect(overview({ cold: figures(10_000, 50_000) })).toBe(svg);
  });

  it("is not drawn without figures", () => {
    expect(overview({})).toBeUndefined();
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

  it("a table has a row for each contestant, and the ratio at the end", () => {
    const outcome = {
      driver: { throughput: summarise([30]), cpu: summarise([1, 2, 3]) },
      reference: { throughput: summarise([10]), cpu: summarise([20]) },
    };
    const rows = outcomeTable("t", outcome, ["throughput", "cpu"], "today").split("\n").slice(2);
    expect(rows[2]).toBe("| driver | 30.0 | 2.00 <sub>±50 %</sub> |");
    expect(rows[4]).toBe("| ratio to reference | **3.00×** | **10.0×** |");
    expect(rows.at(-1)).toBe("<sub>today</sub>");
  });

  it("chart, tables and README match the latest run", () => {
    expect(() => report(true)).not.toThrow();
  });
});

const run = {
  date: "2026-12-24T18:00:00Z",
  commit: { id: "0123456789abcdef", isClean: true },
  machine: { processor: "Abacus", processors: 2, node: "20.0.0" },
};

describe("the source of figures", () => {
  const outcomes = { a: {}, b: {}, c: {} };

  it("is the run, its commit and its machine", () => {
    const taken = "2026-12-24, commit `0123456789ab`, Abacus, 2 processors, Node 20.0.0";
    expect(takenOn({ ...run, outcomes }, ["a", "b", "not measured"])).toBe(taken);
  });

  it("names each run that was repeated", () => {
    const commit = { id: "fedcba9876543210", isClean: false };
    const again = { b: { ...run, commit } };
    expect(takenOn({ ...run, outcomes, again }, ["a", "b", "c"])).toMatch(
      /^2026-12-24, commit `0123456789ab`, Abacus.*; 2026-12-24, commit `fedcba987654`, with changes/,
    );
  });
});

describe("the README's table of clients", () => {
  it("has a row for each client, and a dash for an event loop that there is not", () => {
    const cpu = summarise([20]);
    const outcome = { driver: { cpu, main: summarise([8]) }, lean: { cpu }, floor: { cpu } };
    const block = clientsBlock({ ...run, outcomes: { "getItem-1KB-64": outcome } });
    expect(block).toContain("| driver | 20.0 µs | 8.00 µs | this package |");
    expect(block).toContain("| floor | 20.0 µs | – |");
    expect(block).not.toContain("| reference |");
  });

  it("is absent before the clients have been measured", () => {
    expect(clientsBlock({ ...run, outcomes: {} })).toBe("");
  });
});

describe("the README's table of the bill", () => {
  it("has a row for each driver, and a dash for each job that it cannot do", () => {
    const dollars = { dollars: summarise([198.9]) };
    const outcomes = {
      "bill-html-20KB": { "this driver": dollars, bentocache: dollars },
      "bill-list-10000": { "this driver": dollars },
    };
    const block = billBlock({ ...run, outcomes });
    expect(block).toContain("| this driver | $199 | – | – | $199 |");
    expect(block).not.toContain("bentocache");
  });

  it("is absent before the bill has been measured", () => {
    expect(billBlock({ ...run, outcomes: {} })).toBe("");
  });
});

describe("results as lines", () => {
  it("are the same JSON, with one line per member down to the depth", () => {
    const value = { a: { b: { c: [1, "x\n"] }, d: null }, e: [{ f: 1 }], none: undefined };
    const text = inLines(value, 2);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(text.split("\n")).toHaveLength(9);
    expect(text).toContain(`"b": {"c":[1,"x\\n"]}`);
    expect(inLines(undefined, 1)).toBe("null");
  });
});
