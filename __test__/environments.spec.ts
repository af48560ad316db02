// Worker threads and processes that end while the driver is in use. Each has an environment of the addon, and all share
// one worker.
import { describe, expect, it, vi } from "vitest";
import { entry, literal, runChild } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

vi.setConfig({ testTimeout: 120_000 });

/**
 * `busy()` makes requests that never receive a response, and others, some of which settle just as the process ends.
 * `hang()` does the same in a worker thread.
 */
function script(body: string): string {
  // A debug addon on a busy machine is slow.
  const options = { ...engineOptions(table.name), attemptTimeout: 60_000, timeout: 100_000 };
  const workerData = { entry, options, held: { ...options, endpoint: recorder.endpoint } };
  return `
    import { Worker } from "node:worker_threads";
    async function busy(factory, { options, held }) {
      const driver = factory(held);
      for (let n = 0; n < 20; n += 1) driver.getItem("k" + n).catch(() => {});
      const other = factory(options);
      const again = () => other.getItem("k").then(again, () => {});
      for (let n = 0; n < 2; n += 1) again();
      await other.getItem("k");
      return other;
    }
    const workerData = ${literal(workerData)};
    const source = busy + "(" + async function () {
      const { parentPort, workerData } = await import("node:worker_threads");
      await busy((await import(workerData.entry)).default, workerData);
      parentPort.postMessage("under way");
    } + ")()";
    async function hang() {
      const worker = new Worker(source, { eval: true, workerData });
      await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      return worker;
    }
    ${body}
  `;
}

it("[API-12] a worker thread that is ended in the middle of its requests is all that ends", async () => {
  recorder.hold();
  const body = `
    const driver = dynamoDbCacheDriver(workerData.options);
    await driver.setItem("main", "v");
    let running = true;
    let values = 0;
    const main = (async () => {
      while (running) values += Number((await driver.getItem("main")) === "v");
    })();
    for (let n = 0; n < 20; n += 1) await (await hang()).terminate();
    running = false;
    await main;
    report([values > 0, await driver.getItem("main")]);
  `;
  const result = await runChild(script(body), { limitMs: 110_000 });
  expect(result).toMatchObject({ code: 0, signal: null, stderr: "", reports: [[true, "v"]] });
});

it("[API-12] a worker thread that is ended while it holds large text leaves other threads theirs", async () => {
  const body = `
    const texts = ["x".repeat(300_000), "\\u2500".repeat(120_000)];
    const driver = dynamoDbCacheDriver(workerData.options);
    await Promise.all(texts.map((text, n) => driver.setItem("large" + n, text)));
    const own = await Promise.all(texts.map((_, n) => driver.getItem("large" + n)));
    const holder = "(" + async function () {
      const { parentPort, workerData } = await import("node:worker_threads");
      const driver = (await import(workerData.entry)).default(workerData.options);
      const read = () => Promise.all([driver.getItem("large0"), driver.getItem("large1")]);
      const held = await read();
      parentPort.postMessage(held);
      for (let n = 0; ; n += 1) held[n % 2] = (await read())[n % 2];
    } + ")()";
    const same = (read) => read.every((text, n) => text === texts[n]);
    const seen = [];
    for (let n = 0; n < 5; n += 1) {
      const worker = new Worker(holder, { eval: true, workerData });
      seen.push(await new Promise((ok, no) => worker.on("message", ok).on("error", no)));
      await worker.terminate();
    }
    report([same(own), seen.every(same)]);
  `;
  const result = await runChild(script(body), { limitMs: 110_000 });
  expect(result).toMatchObject({ code: 0, signal: null, stderr: "", reports: [[true, true]] });
});

describe("[API-12] a process that ends in the middle of its requests", () => {
  it.each([
    ["process.exit", "process.exit(7);", { code: 7 }],
    ["exit in what settles", `await other.getItem("k").then(() => process.exit(8));`, { code: 8 }],
    [
      "an uncaught exception",
      `setTimeout(() => { throw new Error("on purpose"); }); await new Promise(() => {});`,
      { code: 1, stderr: expect.stringContaining("on purpose") },
    ],
    ["a worker thread and process.exit", "await hang(); process.exit(9);", { code: 9 }],
    [
      "a signal of the system",
      `process.kill(process.pid, "SIGTERM"); await new Promise(() => {});`,
      { code: null, signal: "SIGTERM" },
    ],
  ])("by %s says so, and in time", async (_, end, expected) => {
    recorder.hold();
    const begin = `
      const other = await busy(dynamoDbCacheDriver, workerData);
      report("ending");
    `;
    const result = await runChild(script(begin + end));
    const usual = { signal: null, stderr: "", reports: ["ending"] };
    expect(result).toMatchObject({ ...usual, ...expected });
    // A busy machine starts threads late.
    expect(result.lingeredMs).toBeLessThan(expected.code === 9 ? 20_000 : 5000);
  });
});
