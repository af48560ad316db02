import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { methods } from "./helpers/methods";
import { useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

const closed = { name: "ClosedError", code: "ERR_DYNAMODB_CLOSED" };

/** Waits until the driver has as many requests under way as it ever will. */
async function settledInFlight(): Promise<number> {
  let before = -1;
  // On a busy machine nothing may happen for a while, and more still come.
  for (let same = 0; same < 4; same = recorder.inFlight === before ? same + 1 : 0) {
    before = recorder.inFlight || -1;
    await sleep(200);
  }
  return before;
}

async function outcomes(driver: Driver, count: number): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(Array.from({ length: count }, (_, n) => driver.getItem(`k${n}`)));
}

describe("dispose", () => {
  it("[DIS-1] before any other call, and any number of times", async () => {
    const driver = table.driver();
    expect(await driver.dispose()).toBeUndefined();
    expect(await driver.dispose()).toBeUndefined();
    await Promise.all([driver.dispose(), driver.dispose(), driver.dispose()]);
  });

  it("[DIS-1] after use, and any number of times", async () => {
    const driver = table.driver();
    await driver.setItem("k", "v");
    await Promise.all([driver.dispose(), driver.dispose()]);
    expect(await driver.dispose()).toBeUndefined();
  });

  it("[DIS-2] waits for what has been sent", async () => {
    await table.putRow("k0", { value: { S: "zero" } });
    const driver = table.driver({ endpoint: recorder.endpoint });
    recorder.hold();
    const results = outcomes(driver, 3);
    expect(await settledInFlight()).toBe(3);
    let disposed = false;
    const disposal = Promise.resolve(driver.dispose()).then(() => (disposed = true));
    await sleep(200);
    expect(disposed).toBe(false);
    recorder.release();
    await disposal;
    expect(await results).toEqual([
      { status: "fulfilled", value: "zero" },
      { status: "fulfilled", value: null },
      { status: "fulfilled", value: null },
    ]);
  }, 20_000);

  it("[DIS-2] rejects what still waits for a connection", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    recorder.hold();
    const results = outcomes(driver, 300);
    await settledInFlight();
    const disposal = driver.dispose();
    await sleep(100);
    recorder.release();
    await disposal;
    const settled = await results;
    const waited = settled.filter((result) => result.status === "rejected");
    const sent = recorder.exchanges.length;
    // Otherwise nothing waited, and this test would prove nothing.
    expect(sent).toBeLessThan(300);
    expect(waited.length).toBe(300 - sent);
    for (const { reason } of waited) {
      expect(reason).toMatchObject({ ...closed, operation: "getItem", table: table.name });
    }
  }, 20_000);

  it("[DIS-2] calls on the tick before it settle: with their result, or closed", async () => {
    await table.putRow("k0", { value: { S: "zero" } });
    const driver = table.driver();
    const results = outcomes(driver, 3);
    await driver.dispose();
    for (const [index, result] of (await results).entries()) {
      if (result.status === "rejected") expect(result.reason).toMatchObject(closed);
      else expect(result.value).toBe(index === 0 ? "zero" : null);
    }
  });

  it("[DIS-2] a clear under way ends, one way or the other, and says which", async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `clear:${index}`);
    await table.putRows(keys.map((key) => ({ key: { S: key }, value: { S: "v" } })));
    const driver = table.driver({ endpoint: recorder.endpoint });
    recorder.delay(50);
    const clearing = Promise.allSettled([driver.clear("clear:")]);
    await sleep(150);
    await driver.dispose();
    const [result] = await clearing;
    const left = (await table.keys()).filter((key) => key.startsWith("clear:"));
    if (result.status === "fulfilled") expect(left).toEqual([]);
    else expect(result.reason).toMatchObject({ ...closed, operation: "clear" });
  }, 20_000);

  it.each(methods)("[DIS-3] %s after it rejects", async (operation, _, call) => {
    const used = table.driver();
    await used.setItem("k", "v");
    await used.dispose();
    const unused = table.driver();
    await unused.dispose();
    for (const driver of [used, unused]) {
      await expect(call(driver)).rejects.toMatchObject({
        ...closed,
        operation,
        table: table.name,
        retryable: false,
      });
    }
  });

  it.each(methods)(
    "[DIS-3] %s on the tick of dispose, after it, rejects",
    async (_name, _action, call) => {
      const driver = table.driver();
      const disposal = driver.dispose();
      await expect(call(driver)).rejects.toMatchObject(closed);
      await disposal;
    },
  );

  it("[DIS-3] one driver's end is not another's", async () => {
    const [first, second] = [table.driver(), table.driver()];
    await first.setItem("shared", "v");
    await first.dispose();
    expect(await second.getItem("shared")).toBe("v");
  });
});
