import { getEventListeners, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const recorded = (): any => table.driver({ endpoint: recorder.endpoint });

const aborted = { name: "AbortError", code: "ERR_DYNAMODB_ABORTED", retryable: false };
const byHand = { aborted: false, addEventListener() {}, removeEventListener() {} };
const throws = (): never => {
  throw new Error("mine");
};

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

async function requestUnderWay(): Promise<void> {
  while (recorder.inFlight === 0) await sleep(5);
}

describe.each(methods)("%s with a signal", (operation, _action, call) => {
  const failed = (): string => `${operation} on table "${table.name}" failed: the call was aborted`;

  it("[ABT-1] [ABT-7] aborted before the call sends nothing", async () => {
    const reason = new Error("enough");
    const error = await failureOf(call(recorded(), { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ ...aborted, operation, table: table.name });
    expect(error.message).toContain(`${failed()} before anything was sent`);
    expect(error.cause).toBe(reason);
    expect(recorder.exchanges).toEqual([]);
  });

  it("[ABT-2] [ABT-7] aborted during the call stops the request; writes say so", async () => {
    recorder.hold();
    const controller = new AbortController();
    const failure = failureOf(call(recorded(), { signal: controller.signal }));
    await requestUnderWay();
    const reason = new DOMException("too late", "TimeoutError");
    controller.abort(reason);
    const error = await failure;
    expect(error).toMatchObject({ ...aborted, operation });
    expect(error.cause).toBe(reason);
    expect(error.message).toContain(failed());
    expect(/writ/.test(error.message)).toBe(/^(set|remove|clear)/.test(operation));
    while (recorder.hangUps === 0) await sleep(5);
    expect(recorder.exchanges).toHaveLength(1);
    expect(listeners(controller.signal)).toBe(0);
  });

  it("[ABT-3] [ABT-4] aborted afterwards changes nothing, and the listener is removed", async () => {
    const driver = table.driver();
    const controller = new AbortController();
    const own = once(controller.signal, "abort");
    await call(driver, { signal: controller.signal });
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    await own;
    await call(driver, { signal: new AbortController().signal });
  });

  it("[ABT-5] rejects a value that is not a signal", async () => {
    const values = [true, 0, "", "abort", Symbol("signal"), 5n, () => {}, {}, []];
    const objects = [
      new AbortController(),
      new EventTarget(),
      new Proxy({}, {}),
      Promise.resolve(),
    ];
    const parts = [
      { ...byHand, aborted: "no" },
      { ...byHand, removeEventListener: undefined },
    ];
    const driver = recorded();
    for (const signal of [...values, ...objects, ...parts]) {
      const error = await failureOf(call(driver, { signal }));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain("`signal` must be an AbortSignal or undefined; it is");
    }
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("a signal", () => {
  it("[ABT-5] may be absent, from another realm, or a compatible object", async () => {
    const driver: any = table.driver();
    const { signal } = new AbortController();
    for (const fine of [undefined, null, byHand, new Proxy(byHand, {}), signal]) {
      expect(await driver.getItem("none", { signal: fine })).toBeNull();
    }
    const raised = { ...byHand, aborted: true, reason: "by hand" };
    const error = await failureOf(driver.getItem("none", { signal: raised }));
    expect(error).toMatchObject({ ...aborted, cause: { message: "by hand" } });
  });

  it("[ABT-6] has one listener for any number of calls, and none at the end", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on("warning", listen);
    recorder.hold();
    const drivers = [recorded(), recorded()];
    const controller = new AbortController();
    const { signal } = controller;
    const started = Array.from({ length: 10_000 }, (_, n) =>
      failureOf(drivers[n % 2].getItem(`k${n}`, { signal })),
    );
    expect(listeners(signal)).toBe(1);
    await requestUnderWay();
    const reason = new Error("enough");
    controller.abort(reason);
    for (const { code, cause } of await Promise.all(started)) {
      if (code !== aborted.code || cause !== reason) expect.fail(`${code}: ${cause}`);
    }
    expect(listeners(signal)).toBe(0);
    await sleep(0);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });

  it("[ABT-6] keeps its listener until its last call has settled, and can get it again", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const [fast, slow] = [table.driver(), recorded()];
    for (let round = 0; round < 2; round += 1) {
      recorder.hold();
      const late = slow.getItem("k", { signal });
      await fast.getItem("k", { signal });
      expect(listeners(signal)).toBe(1);
      recorder.release();
      expect(await late).toBeNull();
      expect(listeners(signal)).toBe(0);
    }
    recorder.hold();
    const last = failureOf(slow.getItem("k", { signal }));
    controller.abort();
    expect(await last).toMatchObject(aborted);
  });

  it.each(["getItems", "setItems"])(
    "[BAT-20] of an item of %s aborts the whole call",
    async (operation) => {
      recorder.hold();
      const driver = recorded();
      const [common, own] = [new AbortController(), new AbortController()];
      const items = ["a", "b", "c"].map((key) => ({ key, value: "v", options: {} }));
      items[1]!.options = { signal: own.signal };
      const failure = failureOf(driver[operation](items, { signal: common.signal }));
      await requestUnderWay();
      own.abort("own");
      expect(await failure).toMatchObject({ ...aborted, operation });
      expect([common, own].map(({ signal }) => listeners(signal))).toEqual([0, 0]);
      items[1]!.options = { signal: "none" };
      await expect(driver[operation](items)).rejects.toMatchObject({
        code: "ERR_DYNAMODB_INVALID_ARGUMENT",
      });
    },
  );

  it("[ABT-8] that throws does not change the result", async () => {
    const driver = recorded();
    let raise = (): void => {};
    const bad = {
      ...byHand,
      addEventListener: (_: string, listener: () => void) => (raise = listener),
      removeEventListener: throws,
    };
    Object.defineProperty(bad, "reason", { get: throws });
    await driver.setItem("done", "v", { signal: bad });
    expect((await table.getRow("done"))?.value).toEqual({ S: "v" });
    recorder.hold();
    const stopped = failureOf(driver.setItem("stopped", "v", { signal: bad }));
    await requestUnderWay();
    raise();
    expect(await stopped).toMatchObject({ ...aborted, operation: "setItem" });
  });

  it("[ABT-8] that throws before anything is sent fails the call", async () => {
    for (const signal of [
      { ...byHand, addEventListener: throws },
      Object.defineProperty({ ...byHand }, "aborted", { get: throws }),
    ]) {
      const error = await failureOf(recorded().setItem("never", "v", { signal }));
      expect(error.cause.message).toBe("mine");
    }
    expect(recorder.exchanges).toEqual([]);
  });
});
