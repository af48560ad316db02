// The option `circuitBreaker`: calls fail fast while requests receive no response.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { useEndpoint } from "./helpers/endpoint";
import { failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { useTable } from "./helpers/table";

const table = useTable();
const endpoint = useEndpoint(undefined, () => inject("endpoint"));
const open = { code: "ERR_DYNAMODB_CIRCUIT_OPEN", retryable: true, $metadata: { attempts: 0 } };
const dead = { endpoint: "http://127.0.0.1:1", timeout: 15_000 };

function driver(circuitBreaker: unknown, options: object = {}): any {
  const usual = { endpoint: endpoint.endpoint, maxAttempts: 1, timeout: 200 };
  return table.driver({ ...usual, ...options, circuitBreaker });
}

const codeOf = async (call: Promise<unknown>): Promise<string> =>
  (await failureOf(call)).code.replace("ERR_DYNAMODB_", "");

function silence(): void {
  endpoint.script(() => ({ silent: true, ending: "hang" }));
}

const pair = ["a", "b"].map((key) => ({ key, value: 1 }));
const bulk: [string, (store: any) => Promise<unknown>][] = [
  ["getItems", (store) => store.getItems(pair)],
  ["setItems", (store) => store.setItems(pair)],
  ["getKeys", (store) => store.getKeys()],
  ["clear", (store) => store.clear()],
];

describe("the circuit breaker", () => {
  it("[CB-1] opens after consecutive timeouts, and calls fail without a request", async () => {
    const store = driver({ failures: 3, cooldown: 3_600_000 });
    silence();
    for (let n = 0; n < 3; n += 1) expect(await codeOf(store.getItem("k"))).toBe("TIMEOUT");
    const sent = endpoint.seen.length;
    for (const [, , call] of methods) {
      const error = await failureOf(call(store));
      expect(error).toMatchObject(open);
      expect(error.message).toContain("`circuitBreaker`");
    }
    expect(endpoint.seen).toHaveLength(sent);
  });

  it.each([
    ["[CB-1] opens after failures to connect", { failures: 2 }, "CIRCUIT_OPEN"],
    ["[CB-3] is off by default", undefined, "CONNECTION"],
  ])("%s", async (_, circuitBreaker, last) => {
    const store = driver(circuitBreaker, dead);
    const codes = [];
    for (let n = 0; n < 4; n += 1) codes.push(await codeOf(store.setItem("k", n)));
    expect(codes).toEqual(["CONNECTION", "CONNECTION", last, last]);
  });

  it.each(bulk)("[CB-1] opens after %s ended without progress", async (_, call) => {
    silence();
    const store = driver({ failures: 1, cooldown: 3_600_000 });
    expect(await codeOf(call(store))).toBe("TIMEOUT");
    for (const [, next] of bulk) expect(await failureOf(next(store))).toMatchObject(open);
  });

  it("[CB-1] does not count responses, even errors, or aborted calls", async () => {
    const store = driver({ failures: 2, cooldown: 3_600_000 });
    for (const status of [400, 500, 400, 500]) {
      endpoint.script(() => ({ status, body: { __type: "Odd" } }));
      expect((await failureOf(store.getItem("k"))).name).toBe("Odd");
      silence();
      expect(await codeOf(store.getItem("k"))).toBe("TIMEOUT");
      const aborted = store.getItem("k", { signal: AbortSignal.timeout(20) });
      expect(await codeOf(aborted)).toBe("ABORTED");
    }
  });

  it("[CB-1] does not count the wait for credentials", async () => {
    const store = driver({ failures: 1 }, { credentials: () => new Promise(() => {}) });
    for (let n = 0; n < 3; n += 1) expect(await codeOf(store.getItem("k"))).toBe("TIMEOUT");
  });

  it.each([
    ["a connection", (store: any, n: number) => store.getItem(`k${n}`)],
    ["an earlier write", (store: any, n: number) => store.setItem("k", n)],
  ])("[CB-1] does not count the wait for %s", async (_what, call) => {
    silence();
    const store = driver({ failures: 8 }, { timeout: 300, maxConnections: 1 });
    const calls = Array.from({ length: 10 }, (_, n) => codeOf(call(store, n)));
    expect(await Promise.all(calls)).toEqual(Array(10).fill("TIMEOUT"));
    // One or two of them were sent shortly before the deadline.
    expect(await codeOf(store.hasItem("other"))).toBe("TIMEOUT");
  });

  it("[CB-2] lets one call at a time through after the cooldown, until one succeeds", async () => {
    const store = driver({ failures: 1, cooldown: 1 }, { timeout: 300 });
    silence();
    await failureOf(store.getItem("k"));
    await sleep(20);
    endpoint.forget();
    const calls = Array.from({ length: 10 }, (_, n) => codeOf(store.getItem(`k${n}`)));
    const codes = await Promise.all(calls);
    expect(codes.sort()).toEqual([...Array(9).fill("CIRCUIT_OPEN"), "TIMEOUT"]);
    expect(endpoint.seen).toHaveLength(1);
    endpoint.script(() => "forward");
    await sleep(20);
    // All requests of a call count as one probe.
    const items = Array.from({ length: 150 }, (_, n) => ({ key: `k${n}`, value: n }));
    await store.setItems(items);
    expect(await store.getItems(items)).toEqual(items);
    expect(await Promise.all([store.getItem("k"), store.getItem("k")])).toEqual([null, null]);
  });

  it.each([[true], ["true"], [{ failures: "3" }], [{ failures: 2, cooldown: 5 }]])(
    "[CB-3] may be %j",
    async (on) => {
      const store = driver(on, { timeout: 15_000 });
      expect(await store.getItem("k")).toBeNull();
      expect(store.options.circuitBreaker).toEqual(on);
    },
  );
});
