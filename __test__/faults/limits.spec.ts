// More calls than the machine has room for: they queue, and all settle.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { runCase } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
/** `FAULT_CALLS` makes them fewer, for a quick look. */
const count = Number(process.env.FAULT_CALLS ?? 10_000);

describe("few descriptors", () => {
  it(`[case 31] 64 in all: ${count} parallel reads settle with their values`, async () => {
    endpoint.script(({ request }) => found(request.Key.key.S));
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, attemptTimeout: 60_000, timeout: 200_000 });
      const keys = Array.from({ length: ${count} }, (_, n) => "k" + n);
      const calls = keys.map((key) => driver.getItem(key));
      const values = await settle(Promise.all(calls).then((all) => all.join()), 200_000);
      report([values.value === keys.join(), values.error]);
    `;
    const through = ["bash", "-c", 'ulimit -n 64 && exec "$@"', "bash"];
    // Starting 10,000 calls is the script's own work, on this very thread.
    const { reports } = await runCase(body, { through, limitMs: 220_000, lagMs: 5000 });
    expect(reports).toEqual([[true, null]]);
    expect(endpoint.peak).toBeLessThanOrEqual(50);
  });

  it("[case 31] none left for a connection: an error, and the next call works", async () => {
    endpoint.script(() => found("v"));
    const body = `
      const { openSync, closeSync } = await import("node:fs");
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 2 });
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}
      const without = await settle(driver.getItem("k"));
      taken.forEach(closeSync);
      report([without, await settle(driver.getItem("k"))]);
    `;
    const through = ["bash", "-c", 'ulimit -n 64 && exec "$@"', "bash"];
    const { reports } = await runCase(body, { through });
    const [[without, after]] = reports;
    // Requests wait for a descriptor, and here none comes back before their time is up.
    expect(without.error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT)$/);
    expect(without.error.retryable).toBe(true);
    expect(after.value).toBe("v");
  });
});

describe("load", () => {
  it(`[case 33] ${count} calls of all kinds in flight: each settles, the queue is bounded`, async () => {
    endpoint.script(({ operation, request }) =>
      operation === "GetItem" ? found(request.Key.key.S) : { body: {} },
    );
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, attemptTimeout: 60_000, timeout: 200_000 });
      const calls = Array.from({ length: ${count} }, (_, n) => {
        const key = "k" + n;
        if (n % 3 === 0) return driver.getItem(key).then((value) => value === key);
        if (n % 3 === 1) return driver.setItem(key, canary.value).then(() => true);
        return driver.removeItem(key).then(() => true);
      });
      const { value } = await settle(Promise.all(calls), 200_000);
      report(value.every(Boolean));
    `;
    const { reports } = await runCase(body, { limitMs: 220_000, lagMs: 5000 });
    expect(reports).toEqual([true]);
    expect(endpoint.peak).toBeLessThanOrEqual(50);
    expect(endpoint.seen).toHaveLength(count);
  });
});
