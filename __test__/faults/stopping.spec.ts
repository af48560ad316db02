// Calls that are stopped: by dispose, by a signal, by garbage collection.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { runCase } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

/** Waits for what the endpoint is to see; other work may delay it. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !isTrue(); n += 1) await sleep(20);
  expect(isTrue()).toBe(true);
}

describe("dispose", () => {
  it("[case 37] with 1,000 pending: each has its result or a ClosedError, and sockets go", async () => {
    endpoint.script(({ request }) => ({ ...found(request.Key.key.S), delay: 300 }));
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
      const calls = Array.from({ length: 1000 }, (_, n) => driver.getItem("k" + n));
      const ends = Promise.allSettled(calls);
      await sleep(200);
      await Promise.all([settle(driver.dispose()), settle(driver.dispose())]);
      const outcomes = await settle(ends);
      const values = outcomes.value.filter(({ value }, n) => value === "k" + n).length;
      const closed = outcomes.value.filter(({ reason }) => reason?.name === "ClosedError").length;
      const after = await settle(driver.getItem("k"));
      report({ values, closed, after: after.error.code });
    `;
    const { reports } = await runCase(body, { lagMs: 1000 });
    const [{ values, closed, after }] = reports;
    expect(values + closed).toBe(1000);
    expect(values).toBeGreaterThan(0);
    expect(closed).toBeGreaterThan(0);
    expect(after).toBe("ERR_DYNAMODB_CLOSED");
    await until(() => endpoint.open === 0);
  });

  it("[case 37] of one driver leaves the other's calls alone", async () => {
    endpoint.script(({ request }) => ({ ...found(request.Key.key.S), delay: 200 }));
    const body = `
      const [one, other] = [1, 2].map(() => make({ endpoint: ${literal(endpoint.endpoint)} }));
      const calls = Array.from({ length: 100 }, (_, n) => other.getItem("k" + n));
      void one.getItem("k").catch(() => {});
      await one.dispose();
      report((await Promise.all(calls)).every((value, n) => value === "k" + n));
    `;
    expect((await runCase(body)).reports).toEqual([true]);
  });
});

describe("a signal", () => {
  const calls: [string, string][] = [
    ["getItem", `driver.getItem("k", { signal })`],
    ["setItem", `driver.setItem("k", canary.value, { signal })`],
    ["getItems", `driver.getItems(["a", "b"], { signal })`],
    ["setItems", `driver.setItems([{ key: "a", value: 1 }, { key: "b", value: 2 }], { signal })`],
    ["getKeys", `driver.getKeys("", { signal })`],
    ["clear", `driver.clear("", { signal })`],
  ];
  it.each(calls)("[case 38] %s: before, during, while it waits, and after", async (_, call) => {
    endpoint.script(() => ({ silent: true, ending: "hang" }));
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxConnections: 1 });
      const aborted = async (signal) => (await settle(${call}, 2000)).error.name;
      report(["before", await aborted(AbortSignal.abort())]);
      const during = new AbortController();
      const call = aborted(during.signal);
      const seen = new Promise((resolve) => process.once("SIGUSR2", resolve));
      report(["sent"]);
      await seen;
      // The first has the only connection: this one waits for it, and never gets it.
      const waiting = aborted(AbortSignal.timeout(50));
      report(["waiting", await waiting]);
      during.abort();
      report(["during", await call]);
    `;
    const { reports } = await runCase(body, {
      onReport: async (report, child) => {
        if (report[0] !== "sent") return;
        await until(() => endpoint.seen.length > 0);
        child.kill("SIGUSR2");
      },
    });
    const abort = "AbortError";
    expect(reports).toEqual([["before", abort], ["sent"], ["waiting", abort], ["during", abort]]);
    // One request in all, and the endpoint saw its connection go.
    expect(endpoint.seen).toHaveLength(1);
    await until(() => endpoint.hangUps === 1 && endpoint.open === 0);
  });

  it("[case 38] stops the wait between two attempts, and no further one is sent", async () => {
    endpoint.script(() => ({ status: 500, headers: { "x-amz-retry-after": "4000" } }));
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
      report(await settle(driver.getItem("k", { signal: AbortSignal.timeout(300) })));
      await sleep(500);
    `;
    const [{ error, ms }] = (await runCase(body)).reports;
    expect(error.name).toBe("AbortError");
    expect(ms).toBeLessThan(2000);
    const sent = endpoint.seen.length;
    await sleep(500);
    expect(endpoint.seen).toHaveLength(sent);
  });

  it("[case 38] 10,000 controllers, and one signal for 100 calls: no listener stays", async () => {
    endpoint.script(() => found("v"));
    const body = `
      const { getEventListeners } = await import("node:events");
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, attemptTimeout: 60_000, timeout: 200_000 });
      const shared = new AbortController();
      let stayed = 0;
      let aborted = 0;
      let neither = 0;
      for (let round = 0; round < 100; round += 1) {
        const controllers = Array.from({ length: 100 }, () => new AbortController());
        const calls = controllers.map(({ signal }, n) => driver.getItem("k" + n, { signal }));
        const others = controllers.slice(0, 1).map((_, n) => driver.getItem("k" + n, shared));
        controllers.forEach((controller, n) => n % 50 && controller.abort());
        const ends = await Promise.allSettled([...calls, ...others]);
        aborted += ends.filter(({ reason }) => reason?.name === "AbortError").length;
        // An answer that was there before the signal is one.
        neither += ends.filter(({ value, reason }) => value !== "v" && reason?.name !== "AbortError").length;
        for (const { signal } of controllers) stayed += getEventListeners(signal, "abort").length;
      }
      report({ stayed, aborted, neither, shared: getEventListeners(shared.signal, "abort").length });
    `;
    const { reports } = await runCase(body, { limitMs: 220_000, lagMs: 1000 });
    const [{ aborted, ...rest }] = reports;
    expect(rest).toEqual({ stayed: 0, neither: 0, shared: 0 });
    expect(aborted).toBeGreaterThan(5000);
    expect(aborted).toBeLessThanOrEqual(9800);
  });
});

describe("drivers that are never disposed", () => {
  it("[case 37] 300, each used once and dropped: their sockets go with them", async () => {
    endpoint.script(() => found("v"));
    const body = `
      const { default: factory } = await import(${literal(new URL("../../index.mjs", import.meta.url).href)});
      const before = descriptors();
      const options = { table: "cases", region: "us-east-1", credentials: canary.credentials };
      for (let n = 0; n < 300; n += 1) {
        await factory({ ...options, endpoint: ${literal(endpoint.endpoint)} }).getItem("k");
        if (n % 50 === 49) { gc(); await sleep(50); }
      }
      const end = performance.now() + 3000;
      while (descriptors() > before && performance.now() < end) { gc(); await sleep(50); }
      report(descriptors() - before);
    `;
    const { reports } = await runCase(body, { flags: ["--expose-gc"], lagMs: 500 });
    expect(reports).toEqual([0]);
    await until(() => endpoint.open === 0);
  });

  it("[case 36] of 100 idle ones the connections go by themselves within 20 seconds", async () => {
    endpoint.script(() => found("v"));
    const body = `
      const drivers = Array.from({ length: 100 }, () => make({ endpoint: ${literal(endpoint.endpoint)} }));
      const before = descriptors();
      await Promise.all(drivers.map((driver) => driver.getItem("k")));
      const open = descriptors() - before;
      const end = performance.now() + 20_000;
      while (descriptors() > before && performance.now() < end) await sleep(100);
      report([open, descriptors() - before]);
    `;
    const [[open, left]] = (await runCase(body, { limitMs: 60_000, lagMs: 500 })).reports;
    expect(open).toBeGreaterThanOrEqual(100);
    expect(left).toBeLessThanOrEqual(0);
  });
});

describe("two drivers in one process", () => {
  it("[case 52] two tables, regions and credentials: no cross-talk", async () => {
    endpoint.script(({ request, headers }) => {
      const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization!)!;
      const { "x-amz-security-token": token = "none" } = headers;
      return found([request.TableName, scope[1], scope[2], token].join(" "));
    });
    const body = `
      const mine = (n) => make({
        endpoint: ${literal(endpoint.endpoint)}, table: "table-" + n, region: "us-west-" + n,
        credentials: { accessKeyId: "AKID" + n, secretAccessKey: "s", sessionToken: "token" + n },
      });
      const drivers = [mine(1), mine(2)];
      const calls = Array.from({ length: 500 }, (_, n) => drivers[n % 2].getItem("k"));
      const found = await Promise.all(calls);
      report([...new Set(found.filter((_, n) => n % 2 === 0))]);
      report([...new Set(found.filter((_, n) => n % 2 === 1))]);
    `;
    const { reports } = await runCase(body, { lagMs: 200 });
    const of = (n: number): string[] => [`table-${n} AKID${n} us-west-${n} token${n}`];
    expect(reports).toEqual([of(1), of(2)]);
  });

  it("[case 52] the retries of one do not use up those of the other", async () => {
    const isBad = (name: string): boolean => name === "bad-table";
    endpoint.script(({ request }, nth) =>
      isBad(request.TableName) || nth % 2 === 0 ? { status: 503, body: "" } : found("v"),
    );
    const body = `
      const [bad, good] = ["bad-table", "good-table"].map((table) =>
        make({ endpoint: ${literal(endpoint.endpoint)}, table }));
      const failing = Array.from({ length: 300 }, (_, n) => bad.getItem("k" + n).catch(() => {}));
      await Promise.all(failing);
      let failed = 0;
      for (let n = 0; n < 20; n += 1) await good.getItem("k").catch(() => (failed += 1));
      report(failed);
    `;
    expect((await runCase(body, { lagMs: 200 })).reports).toEqual([0]);
  });
});
