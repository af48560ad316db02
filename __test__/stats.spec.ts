// getInstance() and its stats(). tests/stats.rs checks the exact counts of retries, throttles and bytes.
import { createStorage } from "unstorage";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { DynamoDbError } from "../index.mjs";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const driverBehindRecorder = (options = {}) =>
  table.driver({ endpoint: recorder.endpoint, ...options });

describe("getInstance", () => {
  it("[STAT-1] returns the same handle each time, before any request and through unstorage", () => {
    const driver = driverBehindRecorder();
    const store = driver.getInstance();
    expect(store).toBe(driver.getInstance());
    const storage = createStorage({ driver });
    expect(storage.getMount().driver.getInstance?.()).toBe(store);
    expect(store.stats()).toMatchObject({ requests: 0, operations: {} });
    expect(recorder.exchanges).toEqual([]);
  });

  it("[STAT-1] throws the error with which the first call of a method would reject", async () => {
    const driver = dynamoDbCacheDriver({ ...engineOptions(table.name), region: 7 as any });
    const rejection = await driver.getItem("a").catch((error: unknown) => error);
    expect(rejection).toBeInstanceOf(DynamoDbError);
    expect(() => driver.getInstance()).toThrow((rejection as Error).message);
    const disposed = dynamoDbCacheDriver(engineOptions(table.name));
    await disposed.dispose();
    expect(() => disposed.getInstance()).toThrow(
      expect.objectContaining({ code: "ERR_DYNAMODB_CLOSED", operation: "getInstance" }),
    );
  });

  it("[STAT-1] the handle shows no options and no secret", () => {
    const store = driverBehindRecorder().getInstance();
    expect(Object.keys(store)).toEqual([]);
    expect(JSON.stringify(store)).toBe("{}");
  });
});

describe("stats", () => {
  it("[STAT-2] every method is counted separately, and in the total", async () => {
    const driver = driverBehindRecorder({ batch: false });
    await driver.setItem("a", "1");
    await driver.setItemRaw("b", new Uint8Array(3));
    await driver.setItems([
      { key: "c", value: "1" },
      { key: "d", value: "2" },
    ]);
    await driver.getItem("a");
    await driver.getItem("none");
    await driver.getItemRaw("b");
    await driver.getItems(["a", "b", "none"]);
    await driver.hasItem("a");
    await driver.getMeta("a");
    await driver.getKeys();
    await driver.removeItem("a");
    await driver.clear();
    const { operations, ...total } = driver.getInstance().stats();
    const of = (name: string) => {
      const { requests, itemsRead, itemsWritten } = operations[name]!;
      return [requests, itemsRead, itemsWritten];
    };
    expect(Object.fromEntries(Object.keys(operations).map((name) => [name, of(name)]))).toEqual({
      setItem: [1, 0, 1],
      setItemRaw: [1, 0, 1],
      setItems: [2, 0, 2],
      getItem: [2, 1, 0],
      getItemRaw: [1, 1, 0],
      getItems: [3, 2, 0],
      hasItem: [1, 1, 0],
      getMeta: [1, 1, 0],
      getKeys: [1, 4, 0],
      removeItem: [1, 0, 1],
      // One page, and a delete for each of three rows.
      clear: [4, 3, 3],
    });
    expect(total).toMatchObject({ retries: 0, throttles: 0, errors: 0, inFlight: 0 });
    expect(total.requests).toBe(recorder.exchanges.length);
    const sum = (field: "requestBytes" | "responseBytes") =>
      recorder.exchanges.reduce((bytes, exchange) => bytes + exchange[field], 0);
    expect(total.bytesSent).toBe(sum("requestBytes"));
    expect(total.bytesReceived).toBe(sum("responseBytes"));
  });

  it("[STAT-2] a call is in flight until it ends; a failed or aborted call is an error", async () => {
    const driver = driverBehindRecorder();
    const stats = () => driver.getInstance().stats();
    recorder.hold();
    const abort = new AbortController();
    const calls = [
      driver.getItem("a"),
      driver.getItem("b", { signal: abort.signal }),
      driver.hasItem("c"),
    ];
    await expect.poll(() => recorder.inFlight).toBe(3);
    expect(stats()).toMatchObject({ inFlight: 3, operations: { getItem: { inFlight: 2 } } });
    abort.abort();
    recorder.release();
    await Promise.allSettled(calls);
    await expect.poll(() => stats().inFlight).toBe(0);
    expect(stats()).toMatchObject({ errors: 1, operations: { getItem: { errors: 1 } } });
    await driver.setItem("", "v").catch(() => undefined);
    expect(stats()).toMatchObject({ errors: 2, operations: { setItem: { errors: 1 } } });
  });

  it("[STAT-4] counts the units that DynamoDB reports, by method", async () => {
    const driver = driverBehindRecorder();
    const text = (kilobytes: number) => "v".repeat(kilobytes * 1024 - 100);
    await driver.setItem("a", text(3));
    await driver.setItems([
      { key: "b", value: text(2) },
      { key: "c", value: text(9) },
    ]);
    await driver.getItem("c");
    await driver.getItem("c", { consistentRead: true });
    await driver.getItems(["a", "b", "c"]);
    await driver.getKeys();
    await driver.removeItem("a");
    await driver.clear();
    const { operations, ...total } = driver.getInstance().stats();
    const units = Object.entries(operations).map(([name, { readUnits, writeUnits }]) => [
      name,
      [readUnits, writeUnits],
    ]);
    expect(Object.fromEntries(units)).toEqual({
      setItem: [0, 3],
      setItems: [0, 11],
      getItem: [4.5, 0],
      getItems: [2.5, 0],
      getKeys: [2, 0],
      removeItem: [0, 3],
      clear: [1.5, 11],
    });
    expect(total).toMatchObject({ readUnits: 10.5, writeUnits: 28 });
  });

  it("[STAT-3] each driver has its own counters, which remain available after dispose", async () => {
    const [one, other] = [driverBehindRecorder(), driverBehindRecorder()];
    await one.getItem("a");
    await one.dispose();
    expect(one.getInstance().stats()).toMatchObject({ requests: 1, inFlight: 0 });
    expect(other.getInstance().stats()).toMatchObject({ requests: 0 });
  });
});
