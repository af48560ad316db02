// Every promise settles once, with its own result, whatever happens to the others.
import { describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { engineOptions } from "./helpers/table";

const { table, recorder } = useRecordedTable();

/** Runs a script whose process must end by itself, with nothing on stderr. */
async function runToEnd(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  const result = await runChild(script, { limitMs: 120_000, ...options });
  expect(result).toMatchObject({ code: 0, signal: null, stderr: "" });
  return result;
}

/** A key that is rejected without a request and named in the error. */
function tooLong(n: number): string {
  return `${n}:`.padEnd(2049, "x");
}

describe("[API-13] calls started together", () => {
  it("100,000 settle once each, with their own results", async () => {
    const own = Array.from({ length: 50 }, (_, n) => `own:${n}`);
    await table.putRows(own.map((key) => ({ key: { S: key }, value: { S: `value of ${key}` } })));
    const driver = table.driver();
    const settled = new Uint8Array(100_000);
    let right = 0;
    const call = async (n: number): Promise<void> => {
      // Some are sent to the engine and settle later than those that are rejected without a request.
      if (n % 100 === 0) {
        const key = own[(n / 100) % 50]!;
        const value = await driver.getItem(key);
        right += Number(value === `value of ${key}`);
      } else {
        const { key, code } = await failureOf(driver.setItem(tooLong(n), "v"));
        right += Number(key.startsWith(`${n}:`) && code === "ERR_DYNAMODB_INVALID_KEY");
      }
      settled[n]! += 1;
    };
    for (let wave = 0; wave < settled.length; wave += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, index) => call(wave + index)));
    }
    expect(right).toBe(100_000);
    expect(settled.every((times) => times === 1)).toBe(true);
  }, 240_000);

  it("settle in order if none needs a request", async () => {
    const order: number[] = [];
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    const driver = table.driver();
    const call = (n: number) => failureOf(driver.setItem(tooLong(n), "v"));
    await Promise.all(numbers.map((n) => call(n).then(() => order.push(n))));
    expect(order).toEqual(numbers);
  }, 60_000);
});

describe("[API-13] the caller's code that runs while its call settles", () => {
  /** A minimal signal that runs code when its call settles. */
  const signalThat = (atTheEnd: () => void): AbortSignal =>
    ({ aborted: false, addEventListener() {}, removeEventListener: atTheEnd }) as any;

  it("[ABT-8] does not change the result if it throws", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const signal = signalThat(() => {
      throw new Error("no listener today");
    });
    const calls = Array.from({ length: 50 }, (_, n) =>
      driver.getItem("there", n % 5 === 0 ? { signal } : {}),
    );
    expect(await Promise.all(calls)).toEqual(Array(50).fill("v"));
    await driver.setItem("written", "v", { signal });
    expect((await table.getRow("written"))?.value).toEqual({ S: "v" });
  });

  it("may start calls", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const more: Promise<unknown>[] = [];
    const startsMore = (): void => {
      for (let n = 0; n < 20; n += 1) more.push(driver.getItem("there", { consistentRead: true }));
      more.push(failureOf(driver.setItem("", "v")));
    };
    const first = Array.from({ length: 20 }, () =>
      driver.getItem("there", { consistentRead: true, signal: signalThat(startsMore) }),
    );
    expect(await Promise.all(first)).toEqual(Array(20).fill("v"));
    const results = await Promise.all(more);
    expect(results).toHaveLength(20 * 21);
    expect(results.filter((result) => result === "v")).toHaveLength(400);
  });
});

describe("[API-20] many calls that settle together", () => {
  /** Starts calls that fail without a request, and blocks the event loop until all results have arrived. */
  const burst = `
    const driver = dynamoDbCacheDriver({ ...${literal(engineOptions("some-table"))} });
    const store = driver.getInstance();
    const start = (count, then) => {
      for (let n = 0; n < count; n += 1) driver.setItem("", "v").catch(then);
      while ((store.stats().operations.setItem?.errors ?? 0) < count);
    };
  `;

  it("do not block timers and I/O", async () => {
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
    const [{ settled, turns, most, timers }] = (await runToEnd(body)).reports;
    expect(settled).toBe(50_000);
    // Previously, all of them settled in one turn of the event loop.
    expect(turns).toBeGreaterThan(4);
    expect(most).toBeLessThan(25_000);
    expect(timers).toBeGreaterThan(1);
  }, 150_000);

  it("settle once each and in order, even if calls are started in between, and the process exits", async () => {
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
    expect((await runToEnd(body)).reports).toEqual([{ settled: 20_000, more: 200 }]);
  }, 150_000);

  it("may be interrupted by the termination of their thread", async () => {
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
    expect((await runToEnd(body, { env })).reports).toEqual([5]);
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
  const { reports } = await runToEnd(body);
  expect(reports).toEqual([[...Array(20).fill(null), "stored"], "collected"]);
}, 40_000);
