// The order of writes, and the handling of slow writes.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { type Seen, useEndpoint } from "./helpers/endpoint";
import { failureOf } from "./helpers/failure";
import { useTable } from "./helpers/table";

const table = useTable();
const endpoint = useEndpoint(undefined, () => inject("endpoint"));
const driver = (options: object = {}): any =>
  table.driver({ endpoint: endpoint.endpoint, ...options });

/** Holds requests (by default all) until the returned function is called. */
function hold(isHeld: (seen: Seen) => boolean = () => true): () => void {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  endpoint.script(async (seen) => {
    if (isHeld(seen)) await gate;
    return "forward";
  });
  return release;
}

/** Forwards each request after a different delay. */
function shuffle(): void {
  let next = 7;
  endpoint.script(async () => {
    next = (next * 16_807) % 2_147_483_647;
    await sleep(next % 40);
    return "forward";
  });
}

describe("writes of one key", () => {
  it("[SET-3] are applied in the order of the calls, even if these are not awaited", async () => {
    shuffle();
    const store = driver();
    const keys = Array.from({ length: 20 }, (_, n) => `order:${n}`);
    const calls: Promise<unknown>[] = [];
    for (const [n, key] of keys.entries()) {
      calls.push(store.setItem(key, "first"));
      const both = [key, `${key}:other`];
      calls.push(store.setItems(both.map((one) => ({ key: one, value: "second" }))));
      if (n % 2 === 0) calls.push(store.removeItem(key));
      calls.push(store.setItemRaw(key, Buffer.from("third")));
      calls.push(n % 3 === 0 ? store.removeItem(key) : store.setItem(key, `last ${n}`));
    }
    await Promise.all(calls);
    for (const [n, key] of keys.entries()) {
      expect(await store.getItem(key)).toBe(n % 3 === 0 ? null : `last ${n}`);
    }
  });

  it("[SET-3] a batch waits for every key, and a later write waits for the batch", async () => {
    shuffle();
    const store = driver();
    const all = (value: string) =>
      Array.from({ length: 60 }, (_, n) => ({ key: `batch:${n}`, value }));
    await Promise.all([
      store.setItem("batch:7", "before"),
      store.setItems(all("one")),
      store.setItems(all("two")),
      store.setItem("batch:59", "after"),
    ]);
    const values = await store.getItems(all("").map(({ key }) => ({ key })));
    expect(values.map(({ value }: any) => value)).toEqual([...Array(59).fill("two"), "after"]);
  });

  it("[SET-3] a failed, rejected or aborted write lets the next one start", async () => {
    const store = driver({ maxAttempts: 1 });
    let requests = 0;
    endpoint.script(() => (++requests === 1 ? { status: 400, body: { __type: "X" } } : "forward"));
    const controller = new AbortController();
    const failed = [
      store.setItem("k", 1),
      store.setItem("k", Symbol("no")),
      store.setItem("k", 2, { signal: controller.signal }),
    ].map(failureOf);
    const last = store.setItem("k", 3);
    controller.abort();
    expect(await Promise.all(failed)).toMatchObject([
      { name: "X" },
      { code: "ERR_DYNAMODB_INVALID_VALUE" },
      { code: "ERR_DYNAMODB_ABORTED" },
    ]);
    await last;
    expect(await store.getItem("k")).toBe(3);
  });

  it("[SET-3] different keys do not wait for each other", async () => {
    const release = hold(({ request }) => request.Item?.key.S === "slow");
    const store = driver();
    const slow = store.setItem("slow", 1);
    await store.setItem("quick", 2);
    release();
    await slow;
  });

  it("[DIS-2] dispose rejects writes that wait for an earlier one", async () => {
    const release = hold();
    const store = driver();
    const first = store.setItem("k", 1);
    const second = failureOf(store.setItem("k", 2));
    while (endpoint.seen.length === 0) await sleep(10);
    const disposed = store.dispose();
    expect((await second).code).toBe("ERR_DYNAMODB_CLOSED");
    release();
    await Promise.all([first, disposed]);
  });

  it("[TIME-1] timeout includes the wait for an earlier write", async () => {
    endpoint.script(() => ({ silent: true, ending: "hang" }));
    const store = driver({ timeout: 300 });
    const errors = await Promise.all(
      Array.from({ length: 20 }, (_, n) => failureOf(store.setItem("k", n))),
    );
    expect(errors[0].message).toContain(endpoint.endpoint);
    // The second write may still start before its deadline passes.
    expect(errors[19]).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", $metadata: { attempts: 0 } });
    expect(errors[19].message).toContain("an earlier write of the same key");
  });
});

describe("a response that takes longer than attemptTimeout", () => {
  /** Delays the first request of an operation before it reaches the engine. */
  function holdFirst(operation: string, ms: number): void {
    endpoint.script(async (seen, nth) => {
      if (seen.operation === operation && nth === 1) await sleep(ms);
      return "forward";
    });
  }

  const items = ["held", "b"].map((key) => ({ key, value: 1 }));
  it.each<[string, (store: any) => Promise<void>]>([
    ["PutItem", (store) => store.setItem("held", "old")],
    ["DeleteItem", (store) => store.removeItem("held")],
    ["BatchWriteItem", (store) => store.setItems(items)],
  ])(
    "[TIME-4] %s is waited for and not sent again, so that no later write is undone",
    async (...[operation, write]) => {
      const store = driver({ attemptTimeout: 200 });
      holdFirst(operation, 1200);
      await write(store);
      expect(endpoint.of(operation)).toHaveLength(1);
      await store.setItem("held", "new");
      await sleep(200);
      expect(await store.getItem("held")).toBe("new");
    },
  );

  it("[TIME-3] a read is sent again", async () => {
    const store = driver({ attemptTimeout: 200 });
    holdFirst("GetItem", 1500);
    expect(await store.getItem("nothing")).toBeNull();
    expect(endpoint.of("GetItem").length).toBeGreaterThan(1);
  });
});
