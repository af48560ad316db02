// getInstance() and stats(). tests/stats.rs checks the exact counts of retries, throttles and bytes.
import { createStorage } from "unstorage";
import { expect, it } from "vitest";
import { DynamoDbError } from "../index.mjs";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";

const { recorder, recorded } = useRecordedTable();

it("[STAT-1] getInstance returns the same handle each time, without options and before any request", () => {
  const driver = recorded();
  const store = driver.getInstance();
  expect(store).toBe(driver.getInstance());
  expect(createStorage({ driver }).getMount().driver.getInstance?.()).toBe(store);
  expect(store.stats()).toMatchObject({ requests: 0, operations: {} });
  expect(recorder.exchanges).toEqual([]);
  expect(Object.keys(store)).toEqual([]);
  expect(JSON.stringify(store)).toBe("{}");
});

it("[STAT-1] getInstance throws the error with which the first call of a method would reject", async () => {
  const wrong = recorded({ region: 7 });
  const rejection = await failureOf(wrong.getItem("a"));
  expect(rejection).toBeInstanceOf(DynamoDbError);
  expect(() => wrong.getInstance()).toThrow(rejection.message);
  const disposed = recorded();
  await disposed.dispose();
  const closed = { code: "ERR_DYNAMODB_CLOSED", operation: "getInstance" };
  expect(() => disposed.getInstance()).toThrow(expect.objectContaining(closed));
});

it("[STAT-2] every method is counted separately and in the total", async () => {
  const driver = recorded({ batch: false });
  await driver.setItem("a", "1");
  await driver.setItemRaw("b", new Uint8Array(3));
  await driver.setItems(["c", "d"].map((key) => ({ key, value: key })));
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
  const counts = Object.entries<any>(operations).map(
    ([name, { requests, itemsRead, itemsWritten }]) => [name, [requests, itemsRead, itemsWritten]],
  );
  expect(Object.fromEntries(counts)).toEqual({
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
    // One page and three deletes.
    clear: [4, 3, 3],
  });
  const sum = (field: "requestBytes" | "responseBytes") =>
    recorder.exchanges.reduce((bytes, exchange) => bytes + exchange[field], 0);
  expect(total).toMatchObject({ retries: 0, throttles: 0, errors: 0, inFlight: 0 });
  expect(total.requests).toBe(recorder.exchanges.length);
  expect(total.bytesSent).toBe(sum("requestBytes"));
  expect(total.bytesReceived).toBe(sum("responseBytes"));
});

it("[STAT-2] a call is in flight until it ends; one that fails or is aborted is an error", async () => {
  const driver = recorded();
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
  await failureOf(driver.setItem("", "v"));
  expect(stats()).toMatchObject({ errors: 2, operations: { setItem: { errors: 1 } } });
});

it("[STAT-4] units are counted as DynamoDB reports them, by method", async () => {
  const driver = recorded();
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
  const units = Object.entries<any>(operations).map(([name, { readUnits, writeUnits }]) => [
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

it("[STAT-3] each driver has its own counters, which remain readable after dispose", async () => {
  const [one, other] = [recorded(), recorded()];
  await one.getItem("a");
  await one.dispose();
  expect(one.getInstance().stats()).toMatchObject({ requests: 1, inFlight: 0 });
  expect(other.getInstance().stats()).toMatchObject({ requests: 0 });
});
