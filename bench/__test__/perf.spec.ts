import { describe, expect, it } from "vitest";

import { sharesOf, switchesOf } from "../lib/perf.mjs";

describe("the output of perf", () => {
  it("is summed by thread and kind of binary, largest first", () => {
    const report = `# Samples: 9K of event 'cpu-clock'

    4.79%;dynamodb;libc.so.6
   36.84%;dynamodb;nap.node
   29.33%;dynamodb;[kernel.kallsyms]
    0.24%;dynamodb;[vdso]
   13.56%;node;node
    0.24%;libuv-worker;[JIT] tid 10944
    1.00%;node;something.so
`;
    expect(sharesOf(report)).toEqual([
      ["worker: addon", expect.closeTo(0.3684)],
      ["worker: kernel", expect.closeTo(0.2933)],
      ["Node's threads: Node", expect.closeTo(0.138)],
      ["worker: C library", expect.closeTo(0.0503)],
      ["Node's threads: others", expect.closeTo(0.01)],
    ]);
    expect(sharesOf("")).toEqual([]);
  });

  it("counts switches, or fails if nothing was counted", () => {
    const output = "# started on Wed\n\n69672,,context-switches,3414545,100.00,,\n";
    expect(switchesOf(output)).toBe(69_672);
    expect(() => switchesOf("<not supported>,,context-switches,0")).toThrow("no context switches");
    expect(() => switchesOf("")).toThrow("no context switches");
  });
});
