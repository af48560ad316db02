// Every promise settles once, with its own result, whatever happens to the others.
import { describe, expect, it } from "vitest";
import { runChild, literal } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** A key that is refused at once, and named in the error. */
function tooLong(n: number): string {
  return `${n}:`.padEnd(2049, "x");
}

/** A signal as far as the driver looks, which does something when its call settles. */
function signalThat(atTheEnd: () => void): AbortSignal {
  return {
    aborted: false,
    addEventListener() {},
    removeEventListener: atTheEnd,
  } as unknown as AbortSignal;
}

describe("[API-13] calls started together", () => {
  it("100,000 settle once each, with what is theirs", async () => {
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
          // Some go to the engine and come back late, between those that are refused at once.
          if (index % 100 === 0) {
            const stored = n % 50;
            const value = await driver.getItem(`own:${stored}`);
            right += Number(value === `value ${stored}`);
          } else {
            const error = await failureOf(driver.getItem(tooLong(n)));
            right += Number(error.key.startsWith(`${n}:`) && error.code.endsWith("INVALID_KEY"));
          }
          settled[n]! += 1;
        }),
      );
    }
    expect(right).toBe(100_000);
    expect(settled.every((times) => times === 1)).toBe(true);
  }, 240_000);

  it("settle in their order, where each is decided at once", async () => {
    const driver = table.driver();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 2000 }, (_, n) =>
        driver.getItem(tooLong(n)).catch(() => {
          order.push(n);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 2000 }, (_, n) => n));
  }, 60_000);
});

describe("[API-13] what a caller's own code does when its call settles", () => {
  it("fails that call alone, with what was thrown as the cause", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const thrown = new Error("no listener today");
    const signal = signalThat(() => {
      throw thrown;
    });
    const calls = Array.from({ length: 50 }, (_, n) =>
      n % 5 === 0 ? driver.getItem("there", { signal }) : driver.getItem("there"),
    );
    for (const [n, result] of (await Promise.allSettled(calls)).entries()) {
      if (n % 5 === 0) {
        const { reason } = result as PromiseRejectedResult;
        expect(reason).toMatchObject({ code: "ERR_DYNAMODB_INTERNAL", operation: "getItem" });
        expect(reason.cause).toBe(thrown);
      } else {
        expect(result).toEqual({ status: "fulfilled", value: "v" });
      }
    }
  });

  it("may be to start calls", async () => {
    await table.putRow("there", { value: { S: "v" } });
    const driver = table.driver();
    const more: Promise<unknown>[] = [];
    const signal = signalThat(() => {
      for (let n = 0; n < 20; n += 1) more.push(driver.getItem("there"));
      more.push(failureOf(driver.getItem("")));
    });
    const first = Array.from({ length: 20 }, () => driver.getItem("there", { signal }));
    expect(new Set(await Promise.all(first))).toEqual(new Set(["v"]));
    expect(more).toHaveLength(20 * 21);
    const results = await Promise.all(more);
    expect(results.filter((result) => result === "v")).toHaveLength(400);
  });
});

it("[API-13] a driver that nobody holds any more still settles its calls", async () => {
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
