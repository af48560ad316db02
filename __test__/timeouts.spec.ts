// A separate file, because it waits for the driver's default limits while other files run in parallel.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { silence, useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** Returns the error of one call, and how long it took. */
async function timed(options: Record<string, unknown>): Promise<{ error: any; ms: number }> {
  const driver = table.driver({ endpoint: recorder.endpoint, ...options });
  const start = performance.now();
  const error = await failureOf(driver.getItem("k"));
  return { error, ms: performance.now() - start };
}

describe("an endpoint that accepts requests and never responds", () => {
  it("[ERR-2] [OPT-14] is a TimeoutError within 15 seconds, unless the limits are disabled", async () => {
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

  it("[OPT-14] attemptTimeout ends an attempt, and the next one starts", async () => {
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

  it("[TIME-1] timeout includes the wait for a connection, and the error says so", async () => {
    recorder.hold();
    const options = { endpoint: recorder.endpoint, maxConnections: 2, attemptTimeout: 0 };
    const driver = table.driver({ ...options, timeout: 300 });
    const reads = Array.from({ length: 20 }, (_, n) => failureOf(driver.getItem(`k${n}`)));
    const errors = await Promise.all(reads);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", operation: "getItem" });
    }
    // A slot that is released at the last moment may still be used.
    const waiting = errors.filter((error) => error.$metadata.attempts === 0);
    expect(waiting.length).toBeGreaterThan(10);
    for (const error of waiting) {
      expect(error.message).toContain("for a connection (`maxConnections` is 2)");
    }
  });

  it("[TIME-2] [SCAN-7] timeout is the maximum time without progress of a call for many items", async () => {
    recorder.hold();
    const driver = table.driver({ endpoint: recorder.endpoint, attemptTimeout: 0, timeout: 300 });
    const item = { key: "k", value: "v" };
    for (const call of [
      driver.getItems([{ key: "a" }]),
      driver.getItems([{ key: "a" }, { key: "b" }, { key: "c" }]),
      driver.setItems([item, { ...item, key: "l" }]),
      driver.getKeys(),
      driver.clear(),
    ]) {
      const error = await failureOf(call);
      expect(error.code).toBe("ERR_DYNAMODB_TIMEOUT");
      expect(error.message).toContain("no progress for 300 ms");
    }
  });

  it("[TIME-2] setItems that times out lists the items that are not known to be written", async () => {
    recorder.spoil((_, nth) => (nth > 1 ? silence : undefined));
    const driver = table.driver({ endpoint: recorder.endpoint, attemptTimeout: 0, timeout: 1000 });
    const items = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: "v" }));
    const error = await failureOf(driver.setItems(items));
    expect(error.code).toBe("ERR_DYNAMODB_TIMEOUT");
    expect(error.keys).toHaveLength(25);
  });

  it.each(["UnprocessedItems", "UnprocessedKeys"])(
    "[TIME-2] [BAT-3] [BAT-5] %s that never shrink end it, however many bytes are transferred",
    async (name) => {
      recorder.spoil(({ request }) => ({ status: 200, body: { [name]: request.RequestItems } }));
      const driver = table.driver({ endpoint: recorder.endpoint, timeout: 1000 });
      const items = Array.from({ length: 25 }, (_, n) => ({
        key: `k${n}`,
        value: "v".repeat(20_000),
      }));
      const call = name === "UnprocessedKeys" ? driver.getItems(items) : driver.setItems(items);
      expect(await failureOf(call)).toMatchObject({ code: "ERR_DYNAMODB_THROTTLED" });
    },
  );

  it("[SCAN-7] a scan that stays throttled ends with DynamoDB's error", async () => {
    const LastEvaluatedKey = { key: { S: "k" } };
    recorder.spoil(({ request }) =>
      request.Segment === undefined
        ? { status: 200, body: { Items: [], LastEvaluatedKey } }
        : { status: 400, body: { __type: "ThrottlingException", message: "slow down" } },
    );
    const driver = table.driver({ endpoint: recorder.endpoint, timeout: 1000 });
    expect((await failureOf(driver.getKeys())).name).toBe("ThrottlingException");
  }, 30_000);

  it("[TIME-1] a call past its deadline opens no connection", async () => {
    recorder.spoil(() => silence);
    const driver = table.driver({ endpoint: recorder.endpoint, maxConnections: 4, timeout: 300 });
    await Promise.all(Array.from({ length: 1000 }, (_, n) => failureOf(driver.getItem(`k${n}`))));
    expect(recorder.connections).toBeLessThan(50);
  });

  it.each([
    ["x-amz-retry-after", "4000"],
    ["retry-after", "4"],
  ])(
    "[TIME-5] a wait (%s) that does not fit is not begun: the error is AWS's",
    async (name, value) => {
      recorder.spoil(() => ({
        status: 400,
        headers: { [name]: value },
        body: { __type: "ThrottlingException", message: "slow down" },
      }));
      const driver = table.driver({ endpoint: recorder.endpoint, timeout: 2000 });
      const start = performance.now();
      const error = await failureOf(driver.getItem("k"));
      expect(error).toMatchObject({ name: "ThrottlingException", $metadata: { attempts: 1 } });
      expect(error.$metadata.requestId).toBeTruthy();
      expect(performance.now() - start).toBeLessThan(2000);
    },
  );
});

describe("an endpoint that accepts connections and sends nothing", () => {
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
    // The limit is really disabled: the default of 3.1 s has passed as well.
    const patient = timed({ endpoint, connectTimeout: 0, ...off });
    const first = await Promise.race([patient.then(() => "settled"), sleep(3600, "waiting")]);
    expect(first).toBe("waiting");
    sockets.forEach((socket) => socket.destroy());
    server.close();
    expect((await patient).error.code).toBe("ERR_DYNAMODB_CONNECTION");
  }, 20_000);
});
