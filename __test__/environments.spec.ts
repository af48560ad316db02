// Worker threads and processes that end while the driver is at work: each has an environment of the
// addon, and all of them share its one worker.
import { describe, expect, it } from "vitest";
import { entry, literal, runChild } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** A debug addon on a busy machine is slow. */
const patience = { attemptTimeout: 60_000, timeout: 100_000 };

/** `hang()` makes a worker thread whose requests are never answered. */
function script(body: string): string {
  return `
    import { Worker } from "node:worker_threads";
    const options = ${literal({ ...engineOptions(table.name), ...patience })};
    const held = { ...options, endpoint: ${literal(recorder.endpoint)} };
    const workerData = { entry: ${literal(entry)}, options, held };
    const sourceOf = (code) => "(" + String(code) + ")()";
    const hangs = sourceOf(async () => {
      const { parentPort, workerData } = await import("node:worker_threads");
      const { default: factory } = await import(workerData.entry);
      const driver = factory(workerData.held);
      for (let n = 0; n < 20; n += 1) driver.getItem("k" + n).catch(() => {});
      // Some are settled at the very moment of the end.
      const busy = factory(workerData.options);
      const again = () => busy.getItem("worker").then(again, () => {});
      for (let n = 0; n < 2; n += 1) again();
      parentPort.postMessage("under way");
    });
    const ended = (worker) => new Promise((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", resolve);
    });
    async function hang() {
      const worker = new Worker(hangs, { eval: true, workerData });
      const end = ended(worker);
      await new Promise((resolve) => worker.on("message", resolve));
      return { end, terminate: () => worker.terminate() };
    }
    ${body}
  `;
}

describe("[API-12] a worker thread that is ended in the middle of its requests", () => {
  it("20 times, one after the other, is the only thing that ends", async () => {
    recorder.hold();
    const result = await runChild(
      script(`
        const driver = dynamoDbCacheDriver(options);
        await driver.setItem("main", "v");
        let running = true;
        let values = 0;
        const main = (async () => {
          while (running) values += Number((await driver.getItem("main")) === "v");
        })();
        for (let n = 0; n < 20; n += 1) {
          const worker = await hang();
          await worker.terminate();
          await worker.end;
        }
        running = false;
        await main;
        report(values > 0);
        report(await driver.getItem("main"));
      `),
      { limitMs: 110_000 },
    );
    expect(result.stderr).toBe("");
    expect(result.reports).toEqual([true, "v"]);
    expect(result).toMatchObject({ code: 0, signal: null });
  }, 120_000);
});

describe("[API-12] a process that ends in the middle of its requests", () => {
  const pending = `
    const driver = dynamoDbCacheDriver(held);
    for (let n = 0; n < 20; n += 1) driver.getItem("k" + n).catch(() => {});
    // Some are settled at the very moment of the end.
    const busy = dynamoDbCacheDriver(options);
    await busy.getItem("k");
    const again = () => busy.getItem("k").then(again);
    for (let n = 0; n < 2; n += 1) again();
    await busy.getItem("k");
    report("ending");
  `;

  it.each([
    ["process.exit", "process.exit(7);", 7],
    [
      "process.exit in what a call settles",
      `await busy.getItem("k").then(() => process.exit(8));`,
      8,
    ],
    [
      "an uncaught exception",
      `setTimeout(() => { throw new Error("on purpose"); }); await new Promise(() => {});`,
      1,
    ],
    ["a worker thread and process.exit", "await hang(); process.exit(9);", 9],
  ])(
    "by %s says so, and in time",
    async (_, end, code) => {
      recorder.hold();
      const result = await runChild(script(pending + end));
      expect(result).toMatchObject({ code, signal: null, reports: ["ending"] });
      if (code === 1) expect(result.stderr).toContain("on purpose");
      else expect(result.stderr).toBe("");
      // A busy machine starts a thread late.
      expect(result.lingeredMs).toBeLessThan(code === 9 ? 20_000 : 5000);
    },
    40_000,
  );

  it("by a signal of the system is ended by it", async () => {
    recorder.hold();
    const result = await runChild(
      script(`${pending} process.kill(process.pid, "SIGTERM"); await new Promise(() => {});`),
    );
    expect(result).toMatchObject({
      code: null,
      signal: "SIGTERM",
      stderr: "",
      reports: ["ending"],
    });
  }, 40_000);
});
