import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { silence, useRecorder } from "./helpers/recorder";
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

const byHand = { aborted: false, addEventListener() {}, removeEventListener() {} };

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

describe("[ABT-7] an abort's message", () => {
  it.each(calls)(
    "of %s names method and table, and speaks of writes only for writes",
    async (operation, call) => {
      const driver = table.driver({ endpoint: recorder.endpoint });
      const failed = `${operation} on table "${table.name}" failed: the call was aborted`;
      const before = await failureOf(call(driver, { signal: AbortSignal.abort() }));
      expect(before.message).toContain(`${failed} before anything was sent`);
      const controller = new AbortController();
      recorder.spoil(() => silence);
      const during = failureOf(call(driver, { signal: controller.signal }));
      while (recorder.exchanges.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      controller.abort();
      const { message } = await during;
      expect(message).toContain(failed);
      expect(/writ/.test(message)).toBe(/^(set|remove|clear)/.test(operation));
    },
  );
});

describe("a signal", () => {
  it.each(calls)("[ABT-5] that is none is refused by %s", async (operation, call) => {
    const { signal } = new AbortController();
    const noSignals: unknown[] = [
      true,
      0,
      "",
      "abort",
      Symbol("signal"),
      5n,
      () => {},
      {},
      [],
      new AbortController(),
      new EventTarget(),
      new Proxy({}, {}),
      { aborted: "no", addEventListener() {}, removeEventListener() {} },
      { aborted: false, addEventListener() {} },
      Promise.resolve(signal),
    ];
    const driver = table.driver({ endpoint: recorder.endpoint });
    for (const none of noSignals) {
      const error = await failureOf(call(driver, { signal: none as AbortSignal }));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain("`signal` must be an AbortSignal or undefined; it is");
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[ABT-5] may be absent, of another realm, or made by hand", async () => {
    const driver: any = table.driver();
    const { signal } = new AbortController();
    for (const fine of [undefined, null, byHand, new Proxy(byHand, {}), signal]) {
      expect(await driver.getItem("none", { signal: fine })).toBeNull();
    }
    const raised = { ...byHand, aborted: true, reason: "by hand" };
    const error = await failureOf(driver.getItem("none", { signal: raised }));
    expect(error).toMatchObject({
      ...aborted,
      cause: expect.objectContaining({ message: "by hand" }),
    });
  });

  it("[ABT-6] has one listener, however many calls it stops, and none in the end", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on("warning", listen);
    recorder.hold();
    const driver = table.driver({ endpoint: recorder.endpoint });
    const other = table.driver({ endpoint: recorder.endpoint });
    const controller = new AbortController();
    const { signal } = controller;
    const started = Array.from({ length: 10_000 }, (_, n) =>
      failureOf((n % 2 ? driver : other).getItem(`k${n}`, { signal })),
    );
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    while (recorder.inFlight === 0) await sleep(5);
    const reason = new Error("enough");
    controller.abort(reason);
    const failures = await Promise.all(started);
    expect(failures.every((error) => error.code === aborted.code && error.cause === reason)).toBe(
      true,
    );
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await sleep(0);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });

  it("[ABT-6] keeps its listener until the last of its calls has settled, and gets it again", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const [fast, slow] = [table.driver(), table.driver({ endpoint: recorder.endpoint })];
    for (let round = 0; round < 2; round += 1) {
      recorder.hold();
      const late = slow.getItem("k", { signal });
      await fast.getItem("k", { signal });
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      recorder.release();
      expect(await late).toBeNull();
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
    recorder.hold();
    const last = failureOf(slow.getItem("k", { signal }));
    controller.abort();
    expect(await last).toMatchObject(aborted);
  });

  it.each(["getItems", "setItems"])(
    "[BAT-20] of one item of %s stops the whole call",
    async (operation) => {
      recorder.hold();
      const driver: any = table.driver({ endpoint: recorder.endpoint });
      const [common, own] = [new AbortController(), new AbortController()];
      const items = ["a", "b", "c"].map((key) => ({
        key,
        value: "v",
        ...(key === "b" ? { options: { signal: own.signal } } : {}),
      }));
      const failure = failureOf(driver[operation](items, { signal: common.signal }));
      while (recorder.inFlight === 0) await sleep(5);
      own.abort("own");
      expect(await failure).toMatchObject({ ...aborted, operation });
      for (const { signal } of [common, own])
        expect(getEventListeners(signal, "abort")).toEqual([]);
      const wrong = [{ key: "a", value: "v", options: { signal: "none" } }];
      expect(await failureOf(driver[operation](wrong))).toMatchObject({
        code: "ERR_DYNAMODB_INVALID_ARGUMENT",
      });
    },
  );

  it("[ABT-8] whose own code throws changes no result", async () => {
    const driver: any = table.driver({ endpoint: recorder.endpoint });
    const throws = (): never => {
      throw new Error("mine");
    };
    const bad = {
      aborted: false,
      addEventListener(_: string, listener: () => void) {
        this.raise = listener;
      },
      raise() {},
      removeEventListener: throws,
      get reason() {
        return throws();
      },
    };
    await driver.setItem("done", "v", { signal: bad });
    expect((await table.getRow("done"))?.value).toEqual({ S: "v" });
    recorder.hold();
    const stopped = failureOf(driver.setItem("stopped", "v", { signal: bad }));
    while (recorder.inFlight === 0) await sleep(5);
    bad.raise();
    expect(await stopped).toMatchObject({ ...aborted, operation: "setItem" });
    recorder.release();
    // What throws before anything is sent fails that call, and nothing is sent.
    const sent = recorder.exchanges.length;
    for (const signal of [
      { ...byHand, addEventListener: throws },
      Object.defineProperty({ ...byHand }, "aborted", { get: throws }),
    ]) {
      expect((await failureOf(driver.setItem("never", "v", { signal }))).cause.message).toBe(
        "mine",
      );
    }
    expect(recorder.exchanges).toHaveLength(sent);
  });

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
