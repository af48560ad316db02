// Calls that are aborted by dispose or a signal, and drivers that share a process.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { found } from "../helpers/endpoint";
import { useCases } from "./helpers/case";

const { endpoint, run } = useCases();

/** Waits until the endpoint has seen something, which a busy machine may delay. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !isTrue(); n += 1) await sleep(20);
  expect(isTrue()).toBe(true);
}

describe("dispose", () => {
  it("[case 37] with 1,000 pending calls: each gets its result or a ClosedError, and sockets close", async () => {
    endpoint.script(({ request }) => ({ ...found(request.Key.key.S), delay: 300 }));
    const [{ values, closed, after }] = await run(
      `const ends = Promise.allSettled(Array.from({ length: 1000 }, (_, n) => driver.getItem("k" + n)));
       await sleep(200);
       await settleAll([driver.dispose(), driver.dispose()]);
       const outcomes = (await settle(ends)).value;
       const values = outcomes.filter(({ value }, n) => value === "k" + n).length;
       const closed = outcomes.filter(({ reason }) => reason?.name === "ClosedError").length;
       report({ values, closed, after: await settle(driver.getItem("k")) });`,
      { lagMs: 1000 },
    );
    expect(values + closed).toBe(1000);
    for (const count of [values, closed]) expect(count).toBeGreaterThan(0);
    expect(after.error.code).toBe("ERR_DYNAMODB_CLOSED");
    await until(() => endpoint.open === 0);
  });

  it("[case 36] is not needed: connections of 100 idle drivers close within 20 seconds", async () => {
    endpoint.script(() => found("v"));
    const [[open, left]] = await run(
      `const drivers = Array.from({ length: 100 }, () => make(options));
       const before = descriptors();
       await Promise.all(drivers.map((driver) => driver.getItem("k")));
       const open = descriptors() - before;
       const end = performance.now() + 20_000;
       while (descriptors() > before && performance.now() < end) await sleep(100);
       report([open, descriptors() - before]);`,
      { lagMs: 500 },
    );
    expect(open).toBeGreaterThanOrEqual(100);
    expect(left).toBeLessThanOrEqual(0);
  });
});

describe("a signal", () => {
  it("[case 38] while a call is sent, and while one waits for its connection", async () => {
    endpoint.script(() => ({ silent: true, ending: "hang" }));
    const reports = await run(
      `const aborted = async (signal) => (await settle(driver.getItem("k", { signal }), 5000)).error.name;
       const during = new AbortController();
       const call = aborted(during.signal);
       const seen = new Promise((resolve) => process.once("SIGUSR2", resolve));
       report("sent");
       await seen;
       report(["waiting", await aborted(AbortSignal.timeout(50))]);
       during.abort();
       report(["during", await call]);`,
      {
        driver: { maxConnections: 1 },
        onReport: async (report, child) => {
          if (report !== "sent") return;
          await until(() => endpoint.seen.length > 0);
          child.kill("SIGUSR2");
        },
      },
    );
    expect(reports).toEqual(["sent", ["waiting", "AbortError"], ["during", "AbortError"]]);
    // One request in total, whose connection was closed.
    expect(endpoint.seen).toHaveLength(1);
    await until(() => endpoint.hangUps === 1 && endpoint.open === 0);
  });

  it("[case 38] ends the backoff between two attempts, and no further one is sent", async () => {
    endpoint.script(() => ({ status: 500, headers: { "x-amz-retry-after": "4000" } }));
    const [{ error, ms }] = await run(
      `report(await settle(driver.getItem("k", { signal: AbortSignal.timeout(300) })));
       await sleep(500);`,
    );
    expect(error.name).toBe("AbortError");
    expect(ms).toBeLessThan(2000);
    const sent = endpoint.seen.length;
    await sleep(500);
    expect(endpoint.seen).toHaveLength(sent);
  });

  it("[case 38] 10,000 controllers: all listeners are removed, and no call has another's outcome", async () => {
    endpoint.script(() => found("v"));
    const [{ aborted, ...rest }] = await run(
      `const { getEventListeners } = await import("node:events");
       const result = { stayed: 0, aborted: 0, neither: 0 };
       for (let round = 0; round < 100; round += 1) {
         const controllers = Array.from({ length: 100 }, () => new AbortController());
         const calls = controllers.map(({ signal }, n) => driver.getItem("k" + n, { signal }));
         controllers.forEach((controller, n) => n % 50 && controller.abort());
         for (const { value, reason } of await Promise.allSettled(calls)) {
           // A response that arrived before the signal counts.
           if (reason?.name === "AbortError") result.aborted += 1;
           else if (value !== "v") result.neither += 1;
         }
         for (const { signal } of controllers) result.stayed += getEventListeners(signal, "abort").length;
       }
       report(result);`,
      { driver: { attemptTimeout: 60_000, timeout: 200_000 }, lagMs: 1000 },
    );
    expect(rest).toEqual({ stayed: 0, neither: 0 });
    expect(aborted).toBeGreaterThan(5000);
    expect(aborted).toBeLessThanOrEqual(9800);
  });
});

describe("two drivers in one process", () => {
  it("[case 52] each has its table, region and credentials", async () => {
    endpoint.script(({ request, headers }) => {
      const [, id, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization!)!;
      return found([request.TableName, id, region, headers["x-amz-security-token"]].join(" "));
    });
    const reports = await run(
      `const drivers = [1, 2].map((n) => make({
         ...options, table: "table-" + n, region: "us-west-" + n,
         credentials: { accessKeyId: "AKID" + n, secretAccessKey: "s", sessionToken: "token" + n },
       }));
       const calls = Array.from({ length: 500 }, (_, n) => drivers[n % 2].getItem("k" + n));
       const found = await Promise.all(calls);
       for (const n of [0, 1]) report([...new Set(found.filter((_, at) => at % 2 === n))]);`,
      { lagMs: 200 },
    );
    expect(reports).toEqual([1, 2].map((n) => [`table-${n} AKID${n} us-west-${n} token${n}`]));
  });

  it("[case 52] the retries of one do not exhaust those of the other", async () => {
    endpoint.script(({ request }, nth) =>
      request.TableName === "bad" || nth % 2 === 0 ? { status: 503, body: "" } : found("v"),
    );
    const reports = await run(
      `const [bad, good] = ["bad", "good"].map((table) => make({ ...options, table }));
       await settleAll(Array.from({ length: 300 }, (_, n) => bad.getItem("k" + n)));
       let failed = 0;
       for (let n = 0; n < 20; n += 1) await good.getItem("k").catch(() => (failed += 1));
       report(failed);`,
      { lagMs: 200 },
    );
    expect(reports).toEqual([0]);
  });
});
