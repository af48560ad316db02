import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { methods } from "./helpers/methods";
import { useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const recorded = () => table.driver({ endpoint: recorder.endpoint });

const closed = { name: "ClosedError", code: "ERR_DYNAMODB_CLOSED" };

beforeAll(() => table.putRow("k0", { value: { S: "zero" } }));

/** Waits until the number of requests in flight no longer grows. */
async function settledInFlight(): Promise<number> {
  let before = -1;
  // On a busy machine, the number may be stable for a while and still grow later.
  for (let same = 0; same < 4; same = recorder.inFlight === before ? same + 1 : 0) {
    before = recorder.inFlight || -1;
    await sleep(200);
  }
  return before;
}

/** Reads `k0`, which exists, and other keys, which do not. */
function read(driver: Driver, count: number): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(Array.from({ length: count }, (_, n) => driver.getItem(`k${n}`)));
}

describe("dispose", () => {
  it.each(["unused", "used"])("[DIS-1] %s, any number of times", async (state) => {
    const driver = table.driver();
    if (state === "used") await driver.setItem("k", "v");
    const all = [driver.dispose(), driver.dispose(), driver.dispose()];
    expect(await Promise.all(all)).toEqual([undefined, undefined, undefined]);
    expect(await driver.dispose()).toBeUndefined();
  });

  it("[DIS-2] waits for requests in flight", async () => {
    const driver = recorded();
    recorder.hold();
    const results = read(driver, 3);
    expect(await settledInFlight()).toBe(3);
    let disposed = false;
    const disposal = Promise.resolve(driver.dispose()).then(() => (disposed = true));
    await sleep(200);
    expect(disposed).toBe(false);
    recorder.release();
    await disposal;
    const values = ["zero", null, null];
    expect(await results).toEqual(values.map((value) => ({ status: "fulfilled", value })));
  });

  it("[DIS-2] rejects calls that wait for a connection", async () => {
    const driver = recorded();
    recorder.hold();
    const results = read(driver, 300);
    await settledInFlight();
    const disposal = driver.dispose();
    await sleep(100);
    recorder.release();
    await disposal;
    const waited = (await results).filter((result) => result.status === "rejected");
    const sent = recorder.exchanges.length;
    // Otherwise no request waited and the test would be meaningless.
    expect(sent).toBeLessThan(300);
    expect(waited.length).toBe(300 - sent);
    const reason = { ...closed, operation: "getItem", table: table.name };
    for (const one of waited) expect(one).toMatchObject({ reason });
  });

  it("[DIS-2] calls in the same tick before it settle, with their result or as closed", async () => {
    const driver = table.driver();
    const results = read(driver, 3);
    await driver.dispose();
    for (const [index, result] of (await results).entries()) {
      if (result.status === "rejected") expect(result.reason).toMatchObject(closed);
      else expect(result.value).toBe(index === 0 ? "zero" : null);
    }
  });

  it("[DIS-2] a running clear ends and reports how", async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `clear:${index}`);
    await table.putRows(keys.map((key) => ({ key: { S: key }, value: { S: "v" } })));
    const driver = recorded();
    recorder.delay(50);
    const clearing = Promise.allSettled([driver.clear("clear:")]);
    await sleep(150);
    await driver.dispose();
    const [result] = await clearing;
    const left = (await table.keys()).filter((key) => key.startsWith("clear:"));
    if (result.status === "fulfilled") expect(left).toEqual([]);
    else expect(result.reason).toMatchObject({ ...closed, operation: "clear" });
  });

  it.each(methods)("[DIS-3] %s rejects afterwards", async (operation, _, call) => {
    const [used, unused, disposing, other] = [1, 2, 3, 4].map(() => table.driver());
    await Promise.all([used!.setItem("k", "v"), other!.setItem("k", "v")]);
    await Promise.all([used!.dispose(), unused!.dispose()]);
    // The first call is in the same tick as the disposal of its driver.
    void disposing!.dispose();
    const error = { ...closed, operation, table: table.name, retryable: false };
    for (const driver of [disposing, used, unused]) {
      await expect(call(driver)).rejects.toMatchObject(error);
    }
    // Disposing of one driver does not affect another.
    await call(other);
  });
});
