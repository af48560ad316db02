// Overload: calls queue and all settle, and what exceeds a limit is an error and never a hang.
import { afterAll, describe, expect, it } from "vitest";
import { Authority } from "../helpers/certificates";
import { found, ScriptedEndpoint } from "../helpers/endpoint";
import { runPlain, useCases } from "./helpers/case";

const { endpoint, run } = useCases();
/** `FAULT_CALLS` reduces the number for a quick run. */
const count = Number(process.env.FAULT_CALLS ?? 10_000);
const authority = new Authority();
afterAll(() => authority.remove());

/** Runs Node with a limit set by the shell. */
const limit = (what: string): string[] => ["bash", "-c", `ulimit ${what} && exec "$@"`, "bash"];

describe("descriptors", () => {
  it(`[case 31] [case 33] 64 in all: ${count} calls of all kinds settle, the queue is bounded`, async () => {
    endpoint.script(({ operation, request }) =>
      operation === "GetItem" ? found(request.Key.key.S) : {},
    );
    const reports = await run(
      `const calls = Array.from({ length: ${count} }, (_, n) => {
         const key = "k" + n;
         if (n % 3 === 0) return driver.getItem(key).then((value) => value === key);
         if (n % 3 === 1) return driver.setItem(key, canary.value).then(() => true);
         return driver.removeItem(key).then(() => true);
       });
       const { value, error } = await settle(Promise.all(calls), 200_000);
       report(error ?? value.every(Boolean));`,
      {
        driver: { attemptTimeout: 60_000, timeout: 200_000 },
        through: limit("-n 64"),
        // The script itself blocks the thread while it starts so many calls.
        lagMs: 5000,
      },
    );
    expect(reports).toEqual([true]);
    expect(endpoint.peak).toBeLessThanOrEqual(50);
    expect(endpoint.seen).toHaveLength(count);
  });

  it.each([
    ["[case 31] for a connection", undefined],
    ["[TLS-9] for the authorities", authority.issue()],
  ])("none left %s: an error, and the next call works", async (_, tls) => {
    const server = await new ScriptedEndpoint(tls).start();
    server.script(() => found("v"));
    const [during, after] = await run(
      `const { openSync, closeSync } = await import("node:fs");
       const taken = [];
       try { for (;;) taken.push(openSync("/dev/null")); } catch {}
       const during = await settle(driver.getItem("k"));
       taken.forEach((descriptor) => closeSync(descriptor));
       report(during);
       report(await settle(driver.getItem("k")));`,
      {
        driver: { endpoint: server.endpoint, maxAttempts: 1, timeout: 2000 },
        env: { SSL_CERT_FILE: authority.file },
        through: limit("-n 300"),
        lagMs: 500,
      },
    ).finally(() => server.stop());
    // Requests wait for a descriptor, and none is released before their deadline.
    expect(during.error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT)$/);
    expect(during.error.retryable).toBe(true);
    expect(after.value).toBe("v");
  });
});

describe("an address space", () => {
  // In kibibytes. Node alone uses about a third of 3 GB.
  const large = (bytes: number): void => {
    const value = { S: "v".repeat(bytes) };
    endpoint.script(({ request }) => {
      const cases = request.RequestItems.cases.Keys.map((key: any) => ({ ...key, value }));
      return { body: { Responses: { cases } } };
    });
  };

  it("[case 32] of 3 GB suffices for items read fifty at a time", async () => {
    large(40_000);
    const reports = await run(
      `let bytes = 0;
       for (let n = 0; n < 10; n += 1) {
         const items = await driver.getItems(Array.from({ length: 50 }, (_, k) => "k" + n + ":" + k));
         bytes += items.reduce((sum, { value }) => sum + value.length, 0);
       }
       report(bytes);`,
      {
        through: limit("-v 3000000"),
        flags: ["--max-old-space-size=128"],
        lagMs: 5000,
      },
    );
    expect(reports).toEqual([20_000_000]);
  });

  it("[case 32] too small for concurrent reads: the process ends instead of hanging", async () => {
    large(350_000);
    const { code, signal, reports } = await runPlain(
      `const keys = Array.from({ length: 2000 }, (_, n) => "k" + n);
       report("begun");
       await settle(driver.getItems(keys), 200_000);`,
      {
        driver: { endpoint: endpoint.endpoint },
        through: limit("-v 1500000"),
        flags: ["--max-old-space-size=64"],
      },
    );
    expect(reports).toEqual(["begun"]);
    // V8 ends a process without memory by SIGABRT or SIGTRAP. A SIGKILL would mean that this test ended a hanging
    // process.
    expect([code, signal]).not.toEqual([null, "SIGKILL"]);
  });
});

describe("an endless response", () => {
  const megabyte = Buffer.alloc(2 ** 20, "v");
  /** Up to 2 GB of an endless text. */
  function* endless(): Generator<Buffer | string> {
    yield '{"Item":{"value":{"S":"';
    for (let n = 0; n < 2048; n += 1) yield megabyte;
  }

  it.each([`getItem("k")`, `setItem("k", "v")`, `getKeys()`])(
    "[case 09] of %s: an error, and less than 64 MB",
    async (call) => {
      endpoint.script(() => ({ body: endless() }));
      const [{ error, grown }] = await run(
        `const before = megabytes();
         let most = before;
         const watch = setInterval(() => (most = Math.max(most, megabytes())), 5);
         const outcome = await settle(driver.${call});
         clearInterval(watch);
         report({ ...outcome, grown: most - before });`,
        { driver: { maxAttempts: 2 } },
      );
      expect(error.code).toMatch(/^ERR_DYNAMODB_(RESPONSE|TIMEOUT)$/);
      expect(grown).toBeLessThan(64);
    },
  );
});
