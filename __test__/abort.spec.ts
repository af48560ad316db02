import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

const aborted = { name: "AbortError", code: "ERR_DYNAMODB_ABORTED", retryable: false };

type Options = { signal: AbortSignal };

const calls: [string, (driver: Driver, options: Options) => Promise<unknown>][] = [
  ["hasItem", (driver, options) => driver.hasItem("k", options)],
  ["getItem", (driver, options) => driver.getItem("k", options)],
  ["getItemRaw", (driver, options) => driver.getItemRaw("k", options)],
  ["getItems", (driver, options) => driver.getItems(["k", "l"], options)],
  ["getMeta", (driver, options) => driver.getMeta("k", options)],
  ["setItem", (driver, options) => driver.setItem("k", "v", options)],
  ["setItemRaw", (driver, options) => driver.setItemRaw("k", "v", options)],
  ["setItems", (driver, options) => driver.setItems([{ key: "k", value: "v" }], options)],
  ["removeItem", (driver, options) => driver.removeItem("k", options)],
  ["getKeys", (driver, options) => driver.getKeys("", options)],
  ["clear", (driver, options) => driver.clear("nothing", options)],
];

describe.each(calls)("%s with a signal", (operation, call) => {
  it("[ABT-1] raised before sends nothing", async () => {
    const reason = new Error("enough");
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(call(driver, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ ...aborted, operation, table: table.name });
    expect(error.cause).toBe(reason);
    expect(recorder.exchanges).toEqual([]);
  });

  it("[ABT-2] raised meanwhile stops the request", async () => {
    recorder.hold();
    const driver = table.driver({ endpoint: recorder.endpoint });
    const controller = new AbortController();
    const failure = failureOf(call(driver, { signal: controller.signal }));
    while (recorder.inFlight === 0) await sleep(5);
    const begin = performance.now();
    controller.abort();
    expect(await failure).toMatchObject({ ...aborted, operation });
    expect(performance.now() - begin).toBeLessThan(1_000);
    while (recorder.hangUps === 0) await sleep(5);
    expect(recorder.exchanges).toHaveLength(1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("[ABT-3] raised afterwards changes nothing, and no listener stays", async () => {
    const driver = table.driver();
    const controller = new AbortController();
    await call(driver, { signal: controller.signal });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort();
    await call(driver, { signal: new AbortController().signal });
  });
});

describe("a signal", () => {
  it("[ABT-2] with a time limit gives its reason as the cause", async () => {
    recorder.hold();
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(driver.getItem("k", { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject(aborted);
    expect(error.cause.name).toBe("TimeoutError");
  });

  it("[ABT-3] that serves many calls keeps no listener of them", async () => {
    const driver = table.driver();
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 500 }, (_, n) => driver.getItem(`k${n}`, { signal })));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("[ABT-4] leaves the user's own onabort in place", async () => {
    const driver = table.driver();
    const controller = new AbortController();
    let told = 0;
    controller.signal.addEventListener("abort", () => told++);
    await driver.getItem("k", { signal: controller.signal });
    controller.abort();
    expect(told).toBe(1);
  });
});
