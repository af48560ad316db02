// The option `circuitBreaker`: when nothing answers, calls fail at once.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { useEndpoint } from "./helpers/endpoint";
import { failureOf } from "./helpers/failure";
import { useTable } from "./helpers/table";

const table = useTable();
const endpoint = useEndpoint(undefined, () => inject("endpoint"));
const open = { code: "ERR_DYNAMODB_CIRCUIT_OPEN", retryable: true, $metadata: { attempts: 0 } };

function driver(circuitBreaker: unknown, options: object = {}): any {
  return table.driver({ endpoint: endpoint.endpoint, maxAttempts: 1, ...options, circuitBreaker });
}

function silence(): void {
  endpoint.script(() => ({ silent: true, ending: "hang" }));
}

describe("the circuit breaker", () => {
  it("[CB-1] opens after time-outs in a row, and calls fail without a request", async () => {
    const store = driver({ failures: 3, cooldown: 3_600_000 }, { timeout: 200 });
    silence();
    for (let n = 0; n < 3; n += 1) {
      expect((await failureOf(store.getItem("k"))).code).toBe("ERR_DYNAMODB_TIMEOUT");
    }
    const sent = endpoint.seen.length;
    for (const call of [
      store.getItem("k"),
      store.setItem("k", 1),
      store.removeItem("k"),
      store.hasItem("k"),
      store.getMeta("k"),
      store.getItems([{ key: "a" }, { key: "b" }]),
      store.setItems([
        { key: "a", value: 1 },
        { key: "b", value: 1 },
      ]),
      store.getKeys(),
      store.clear(),
    ]) {
      const error = await failureOf(call);
      expect(error).toMatchObject(open);
      expect(error.message).toContain("`circuitBreaker`");
    }
    expect(endpoint.seen).toHaveLength(sent);
  });

  it("[CB-1] opens after failures to connect", async () => {
    const store = driver({ failures: 2 }, { endpoint: "http://127.0.0.1:1" });
    expect((await failureOf(store.getItem("k"))).code).toBe("ERR_DYNAMODB_CONNECTION");
    expect((await failureOf(store.setItem("k", 1))).code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(await failureOf(store.getItem("k"))).toMatchObject(open);
  });

  it("[CB-1] does not count answers, if only errors, nor aborted calls", async () => {
    const store = driver({ failures: 2, cooldown: 3_600_000 }, { timeout: 200 });
    for (const status of [400, 500, 400, 500]) {
      endpoint.script(() => ({ status, body: { __type: "Odd" } }));
      expect((await failureOf(store.getItem("k"))).name).toBe("Odd");
      silence();
      expect((await failureOf(store.getItem("k"))).code).toBe("ERR_DYNAMODB_TIMEOUT");
      const aborted = store.getItem("k", { signal: AbortSignal.timeout(20) });
      expect((await failureOf(aborted)).code).toBe("ERR_DYNAMODB_ABORTED");
    }
  });

  it("[CB-1] opens after calls for many items that end without progress", async () => {
    silence();
    const item = (key: string) => ({ key, value: 1 });
    for (const call of [
      (store: any) => store.getItems([{ key: "a" }, { key: "b" }]),
      (store: any) => store.setItems([item("a"), item("b")]),
      (store: any) => store.getKeys(),
      (store: any) => store.clear(),
    ]) {
      const store = driver({ failures: 1, cooldown: 3_600_000 }, { timeout: 200 });
      expect((await failureOf(call(store))).code).toBe("ERR_DYNAMODB_TIMEOUT");
      expect(await failureOf(store.getItem("k"))).toMatchObject(open);
    }
  });

  it("[CB-1] does not count the wait for credentials", async () => {
    const hang = { credentials: () => new Promise(() => {}) };
    const store = driver({ failures: 1, cooldown: 3_600_000 }, { timeout: 100, ...hang });
    for (let n = 0; n < 3; n += 1) {
      expect((await failureOf(store.getItem("k"))).code).toBe("ERR_DYNAMODB_TIMEOUT");
    }
  });

  it.each([
    ["a connection", (store: any, n: number) => store.getItem(`k${n}`)],
    ["an earlier write", (store: any, n: number) => store.setItem("k", n)],
  ])("[CB-1] does not count the wait for %s", async (_what, call) => {
    silence();
    const store = driver({ failures: 8 }, { timeout: 300, maxConnections: 1 });
    const errors = await Promise.all(
      Array.from({ length: 10 }, (_, n) => failureOf(call(store, n))),
    );
    expect(errors.map(({ code }) => code)).toEqual(Array(10).fill("ERR_DYNAMODB_TIMEOUT"));
    // One or two of them were sent, when their turn came at the very end.
    expect((await failureOf(store.hasItem("other"))).code).toBe("ERR_DYNAMODB_TIMEOUT");
  });

  it("[CB-2] all requests of a call are one probe", async () => {
    const store = driver({ failures: 1, cooldown: 1 }, { timeout: 300 });
    silence();
    await failureOf(store.getItem("k"));
    endpoint.script(() => "forward");
    await sleep(20);
    const items = Array.from({ length: 150 }, (_, n) => ({ key: `k${n}`, value: n }));
    await store.setItems(items);
    expect(await store.getItems(items)).toHaveLength(150);
  });

  it("[CB-2] lets one call at a time through after the cooldown, until one succeeds", async () => {
    const store = driver({ failures: 1, cooldown: 1 }, { timeout: 300 });
    silence();
    await failureOf(store.getItem("k"));
    await sleep(20);
    endpoint.forget();
    const codes = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => (await failureOf(store.getItem(`k${n}`))).code),
    );
    expect(codes.filter((code) => code === "ERR_DYNAMODB_TIMEOUT")).toHaveLength(1);
    expect(endpoint.seen).toHaveLength(1);
    endpoint.script(() => "forward");
    await sleep(20);
    expect(await store.getItem("k")).toBeNull();
    expect(await Promise.all([store.getItem("k"), store.getItem("k")])).toEqual([null, null]);
  });

  it("[CB-3] is off by default, and its options are checked", async () => {
    const store = driver(undefined, { endpoint: "http://127.0.0.1:1" });
    for (let n = 0; n < 8; n += 1) {
      expect((await failureOf(store.getItem("k"))).code).toBe("ERR_DYNAMODB_CONNECTION");
    }
    for (const on of [true, "true", {}, { failures: "3" }]) {
      expect(await driver(on).getItem("k")).toBeNull();
    }
    expect(driver({ failures: 2, cooldown: 5 }).options.circuitBreaker).toEqual({
      failures: 2,
      cooldown: 5,
    });
    for (const [wrong, named] of [
      [{ failures: 0 }, "`circuitBreaker.failures`"],
      [{ cooldown: "soon" }, "`circuitBreaker.cooldown`"],
      [5, "`circuitBreaker`"],
    ] as const) {
      const error = await failureOf(driver(wrong).getItem("k"));
      expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
      expect(error.message).toContain(named);
    }
  });
});
