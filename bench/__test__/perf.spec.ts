import { describe, expect, it } from "vitest";

import { sharesOf, switchesOf } from "../lib/perf.mjs";

describe("what perf says", () => {
  it("is added up by thread and by what a binary is, largest first", () => {
    const report = `# Samples: 9K of event 'cpu-clock'

    4.79%;dynamodb;libc.so.6
   36.84%;dynamodb;nap.node
   29.33%;dynamodb;[kernel.kallsyms]
    0.24%;dynamodb;[vdso]
   13.56%;node;node
    0.24%;libuv-worker;[JIT] tid 10944
    1.00%;node;something.so
`;
    const shares = sharesOf(report);
    expect(Object.keys(shares["worker"]!)).toEqual(["addon", "kernel", "C library"]);
    expect(shares["worker"]!["addon"]).toBeCloseTo(0.3684);
    expect(shares["worker"]!["C library"]).toBeCloseTo(0.0503);
    expect(shares["Node's threads"]!["Node"]).toBeCloseTo(0.138);
    expect(shares["Node's threads"]!["others"]).toBeCloseTo(0.01);
    expect(sharesOf("")).toEqual({});
  });

  it("counts switches, or says that nothing was counted", () => {
    const output = "# started on Wed\n\n69672,,context-switches,3414545,100.00,,\n";
    expect(switchesOf(output)).toBe(69_672);
    expect(() => switchesOf("<not supported>,,context-switches,0")).toThrow("no context switches");
    expect(() => switchesOf("")).toThrow("no context switches");
  });
});
