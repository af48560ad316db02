// Every promise settles once, with its own result, whatever happens to the others.
import { describe, expect, it } from "vitest";
import { runChild, literal } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** A key that is rejected at once, and named in the error. */
function tooLong(n: number): string {
  return `${n}:`.padEnd(2049, "x");
}

/** An object with the interface of a signal that runs code when its call settles. */
function signalThat(atTheEnd: () => void): AbortSignal {
  return {
    aborted: false,
    addEventListener() {},
    removeEventListener: atTheEnd,
  } as unknown as AbortSignal;
}

describe("[API-13] calls started together", () => {
  it("100,000 calls settle once each, with their own results", async () => {
    await table.putRows(
      Array.from({ length: 50 }, (_, n) => ({
        key: { S: `own:${n}` },
        value: { S: `value ${n}` },
      })),
    );
    const driver = table.driver();
    const settled = new Uint8Array(100_000);
    let right = 0;
    for (let wave = 0; wave < 100; wave += 1) {
      await Promise.all(
        Array.from({ length: 1000 }, async (_, index) => {
          const n = wave * 1000 + index;
          // Some are sent to the engine and settle late, between those that are rejected at once.
          if (index % 100 === 0) {
            const stored = n % 50;
            const value = await driver.getItem(`own:${stored}`);
            right += Number(value === `value ${stored}`);
          } else {
            const error = await failureOf(driver.setItem(tooLong(n), "v"));
            right += Number(error.key.startsWith(`${n}:`) && error.code.endsWith("INVALID_KEY"));
          }
          settled[n]! += 1;
        }),
      );
    }
    expect(right).toBe(100_000);
    expect(settled.every((times) => times === 1)).toBe(true);
  }, 240_000);

  it("settle in order if each is rejected at once", async () => {
    const driver = table.driver();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 2000 }, (_, n) =>
        driver.setItem(tooLong(n), "v").catch(() => {
          order.push(n);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 2000 }, (_, n) => n));
  }, 60_000);
});

describe("[API-13] a caller's code that runs when its call settles", () => {
  it("[ABT-8] does not change a result", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const signal = signalThat(() => {
      throw new Error("no listener today");
    });
    const calls = Array.from({ length: 50 }, (_, n) =>
      n % 5 === 0 ? driver.getItem("there", { signal }) : driver.getItem("there"),
    );
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["v"]));
    await driver.setItem("written", "v", { signal });
    expect((await table.getRow("written"))?.value).toEqual({ S: "v" });
  });

  it("may start calls", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const more: Promise<unknown>[] = [];
    const startsMore = () => {
      for (let n = 0; n < 20; n += 1) more.push(driver.getItem("there", { consistentRead: true }));
      more.push(failureOf(driver.setItem("", "v")));
    };
    const first = Array.from({ length: 20 }, () =>
      driver.getItem("there", { consistentRead: true, signal: signalThat(startsMore) }),
    );
    expect(new Set(await Promise.all(first))).toEqual(new Set(["v"]));
    expect(more).toHaveLength(20 * 21);
    const results = await Promise.all(more);
    expect(results.filter((result) => result === "v")).toHaveLength(400);
  });
});

describe("[API-20] many calls that settle together", () => {
  /** Starts calls that fail at once, and blocks the event loop until all results have arrived. */
  const burst = `
    const driver = dynamoDbCacheDriver({ ...${literal(engineOptions("some-table"))} });
    const store = driver.getInstance();
    const start = (count, then) => {
      for (let n = 0; n < count; n += 1) driver.setItem("", "v").catch(then);
      while ((store.stats().operations.setItem?.errors ?? 0) < count);
    };
  `;

  it("leave turns of the event loop to timers and I/O", async () => {
    const body = `${burst}
      let settled = 0, turns = 0, most = 0, last = 0, timers = 0;
      start(50_000, () => (settled += 1));
      const timer = setInterval(() => (timers += 1), 0);
      await new Promise((resolve) => {
        (function turn() {
          turns += 1;
          most = Math.max(most, settled - last);
          last = settled;
          settled < 50_000 ? setImmediate(turn) : resolve();
        })();
      });
      clearInterval(timer);
      report({ settled, turns, most, timers });
    `;
    const { reports, stderr } = await runChild(body, { limitMs: 120_000 });
    expect(stderr).toBe("");
    const [{ settled, turns, most, timers }] = reports;
    expect(settled).toBe(50_000);
    // Previously, one turn settled all of them.
    expect(turns).toBeGreaterThan(4);
    expect(most).toBeLessThan(25_000);
    expect(timers).toBeGreaterThan(1);
  }, 150_000);

  it("settle once each, in order, even if calls are started in between, and the process ends", async () => {
    const body = `${burst}
      const order = [];
      let more = 0;
      let next = 0;
      start(20_000, () => {
        order.push(next++);
        if (next % 100 === 0) driver.setItem("", "v").catch(() => (more += 1));
      });
      process.on("exit", () => report({ settled: order.length, more }));
    `;
    const result = await runChild(body, { limitMs: 120_000 });
    expect(result.reports).toEqual([{ settled: 20_000, more: 200 }]);
    expect(result).toMatchObject({ code: 0, signal: null, stderr: "" });
  }, 150_000);

  it("may be interrupted by the end of their thread", async () => {
    const body = `
      import { Worker } from "node:worker_threads";
      const script = \`
        const { parentPort } = require("node:worker_threads");
        const dynamoDbCacheDriver = require(\${JSON.stringify(process.env.PACKAGE)});
        ${burst.replaceAll("`", "\\`")}
        let settled = 0;
        start(30_000, () => { if (++settled === 100) parentPort.postMessage("begun"); });
      \`;
      const ends = [];
      for (let round = 0; round < 5; round += 1) {
        const worker = new Worker(script, { eval: true, execArgv: [] });
        worker.on("message", () => worker.terminate());
        ends.push(await new Promise((resolve) => worker.on("exit", resolve)));
      }
      report(ends.length);
    `;
    const env = { PACKAGE: new URL("../index.js", import.meta.url).pathname };
    const result = await runChild(body, { limitMs: 120_000, env });
    expect(result).toMatchObject({ code: 0, signal: null, stderr: "", reports: [5] });
  }, 150_000);
});

it("[API-13] an unreferenced driver still settles its calls", async () => {
  recorder.delay(500);
  const options = { ...engineOptions(table.name), endpoint: recorder.endpoint };
  const body = `
    import v8 from "node:v8";
    import vm from "node:vm";
    v8.setFlagsFromString("--expose-gc");
    const gc = vm.runInNewContext("gc");
    function start() {
      const driver = dynamoDbCacheDriver(${literal(options)});
      registry.register(driver, "collected");
      const calls = Array.from({ length: 20 }, (_, n) => driver.getItem("k" + n));
      calls.push(driver.setItem("kept", "v").then(() => "stored"));
      return calls;
    }
    let registry;
    const collected = new Promise((resolve) => (registry = new FinalizationRegistry(resolve)));
    const calls = start();
    const pressure = setInterval(gc, 10);
    report(await Promise.all(calls));
    report(await collected);
    clearInterval(pressure);
  `;
  const result = await runChild(body);
  expect(result.stderr).toBe("");
  expect(result.reports).toEqual([[...Array(20).fill(null), "stored"], "collected"]);
  expect(result).toMatchObject({ code: 0, signal: null });
}, 40_000);
