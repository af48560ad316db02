// In a file of its own: it waits for the driver's own limits, while other files run beside it.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** The error of one call, and how long it took. */
async function timed(options: Record<string, unknown>): Promise<{ error: any; ms: number }> {
  const driver = table.driver({ endpoint: recorder.endpoint, ...options });
  const start = performance.now();
  const error = await failureOf(driver.getItem("k"));
  return { error, ms: performance.now() - start };
}

describe("an endpoint that takes requests and never answers", () => {
  it("[ERR-2] [OPT-14] is a TimeoutError within 15 seconds, unless the limits are off", async () => {
    recorder.hold();
    const off = { attemptTimeout: 0, timeout: "0" };
    const patient = table.driver({ endpoint: recorder.endpoint, ...off }).getItem("k");
    const { error, ms } = await timed({});
    expect(error).toMatchObject({
      name: "TimeoutError",
      code: "ERR_DYNAMODB_TIMEOUT",
      operation: "getItem",
      table: table.name,
      retryable: true,
    });
    expect(error.message).toContain(recorder.endpoint);
    expect(ms).toBeGreaterThan(14_000);
    expect(ms).toBeLessThan(20_000);
    recorder.release();
    expect(await patient).toBeNull();
  }, 30_000);

  it("[OPT-14] attemptTimeout ends an attempt, and the next one begins", async () => {
    recorder.hold();
    const { error, ms } = await timed({ attemptTimeout: 200, maxAttempts: 2 });
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", $metadata: { attempts: 2 } });
    expect(recorder.exchanges).toHaveLength(2);
    expect(ms).toBeGreaterThan(390);
    expect(ms).toBeLessThan(3000);
  });

  it("[OPT-14] timeout ends the request, whatever its attempts", async () => {
    recorder.hold();
    const { error, ms } = await timed({ attemptTimeout: 0, timeout: 300 });
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT" });
    expect(recorder.exchanges).toHaveLength(1);
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(3000);
  });

  it("[OPT-14] timeout does not count the wait for a connection", async () => {
    recorder.delay(200);
    const driver = table.driver({ endpoint: recorder.endpoint, maxConnections: 1, timeout: 600 });
    const reads = Array.from({ length: 6 }, () => driver.getItem("k"));
    expect(await Promise.all(reads)).toEqual(Array(6).fill(null));
    expect(recorder.exchanges).toHaveLength(6);
  });
});

describe("an endpoint that accepts connections and says nothing", () => {
  it("[OPT-14] connectTimeout ends TCP and TLS set-up", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const off = { attemptTimeout: 0, timeout: 0, maxAttempts: 1 };
    const { error, ms } = await timed({ endpoint, connectTimeout: 200, ...off });
    expect(error.code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|CONNECTION)$/);
    expect(ms).toBeGreaterThan(190);
    expect(ms).toBeLessThan(2500);
    // Off means off: the default of 3.1 s has passed as well.
    const patient = timed({ endpoint, connectTimeout: 0, ...off });
    const first = await Promise.race([patient.then(() => "settled"), sleep(3600, "waiting")]);
    expect(first).toBe("waiting");
    sockets.forEach((socket) => socket.destroy());
    server.close();
    expect((await patient).error.code).toBe("ERR_DYNAMODB_CONNECTION");
  }, 20_000);
});
