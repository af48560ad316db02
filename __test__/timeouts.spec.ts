// A separate file, so that others run in parallel while it waits for the driver's default limits.
import { createServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { listen } from "../scripts/lib/listen.mjs";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { serviceError, silence } from "./helpers/recorder";

const { table, recorder, recorded } = useRecordedTable();
const many = <T>(length: number, one: (n: number) => T) => Array.from({ length }, (_, n) => one(n));
const slowDown = serviceError("ThrottlingException", "slow down");

/** Returns the error of a read, which must take more than `least` and less than `most` milliseconds. */
async function failsWithin(least: number, most: number, options: object): Promise<any> {
  const start = performance.now();
  const error = await failureOf(recorded(options).getItem("k"));
  const ms = performance.now() - start;
  expect(ms).toBeGreaterThan(least);
  expect(ms).toBeLessThan(most);
  return error;
}

describe("an endpoint that accepts requests and never responds", () => {
  it("[ERR-2] [OPT-14] causes a TimeoutError within 15 seconds, unless the limits are disabled", async () => {
    recorder.hold();
    const patient = recorded({ attemptTimeout: 0, timeout: "0" }).getItem("k");
    const error = await failsWithin(14_000, 20_000, {});
    const where = { operation: "getItem", table: table.name };
    const expected = { name: "TimeoutError", code: "ERR_DYNAMODB_TIMEOUT", retryable: true };
    expect(error).toMatchObject({ ...expected, ...where });
    expect(error.message).toContain(recorder.endpoint);
    recorder.release();
    expect(await patient).toBeNull();
  }, 30_000);

  it.each([
    [
      "attemptTimeout ends an attempt, and the next one begins",
      390,
      2,
      { attemptTimeout: 200, maxAttempts: 2 },
    ],
    ["timeout ends the request, including retries", 290, 1, { attemptTimeout: 0, timeout: 300 }],
  ])("[OPT-14] %s", async (_, least, attempts, options) => {
    recorder.hold();
    const error = await failsWithin(least, 3000, options);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", $metadata: { attempts } });
    expect(recorder.exchanges).toHaveLength(attempts);
  });

  it("[TIME-1] timeout includes the wait for a connection, and the error says so", async () => {
    recorder.hold();
    const driver = recorded({ maxConnections: 2, attemptTimeout: 0, timeout: 300 });
    const errors = await Promise.all(many(20, (n) => failureOf(driver.getItem(`k${n}`))));
    for (const error of errors) {
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", operation: "getItem" });
    }
    // A slot that is released at the last moment may still be used.
    const waiting = errors.filter((error) => error.$metadata.attempts === 0);
    expect(waiting.length).toBeGreaterThan(10);
    for (const { message } of waiting) {
      expect(message).toContain("for a connection (`maxConnections` is 2)");
    }
  });

  it("[TIME-2] [SCAN-7] timeout is the maximum time without progress of a call for many items", async () => {
    recorder.hold();
    const driver = recorded({ attemptTimeout: 0, timeout: 300 });
    for (const call of [
      driver.getItems([{ key: "a" }]),
      driver.getItems(["a", "b", "c"]),
      driver.setItems(["k", "l"].map((key) => ({ key, value: "v" }))),
      driver.getKeys(),
      driver.clear(),
    ].map(failureOf)) {
      const { code, message } = await call;
      expect(code).toBe("ERR_DYNAMODB_TIMEOUT");
      expect(message).toContain("no progress for 300 ms");
    }
  });

  it("[TIME-2] setItems that times out lists the items that are not known to be written", async () => {
    recorder.spoil((_, nth) => (nth > 1 ? silence : undefined));
    const driver = recorded({ attemptTimeout: 0, timeout: 1000 });
    const items = many(50, (n) => ({ key: `k${n}`, value: "v" }));
    const { code, keys } = await failureOf(driver.setItems(items));
    expect(code).toBe("ERR_DYNAMODB_TIMEOUT");
    expect(keys).toHaveLength(25);
  });

  it("[TIME-1] a call that has timed out opens no connection", async () => {
    recorder.spoil(() => silence);
    const driver = recorded({ maxConnections: 4, timeout: 300 });
    await Promise.all(many(1000, (n) => failureOf(driver.getItem(`k${n}`))));
    expect(recorder.connections).toBeLessThan(50);
  });
});

describe("an endpoint that always throttles", () => {
  it.each([
    ["setItems", "UnprocessedItems"],
    ["getItems", "UnprocessedKeys"],
  ])("[TIME-2] [BAT-3] [BAT-5] %s ends, however large its %s are", async (method, name) => {
    recorder.spoil(({ request }) => ({ status: 200, body: { [name]: request.RequestItems } }));
    const items = many(25, (n) => ({ key: `k${n}`, value: "v".repeat(20_000) }));
    const { code } = await failureOf(recorded({ timeout: 1000 })[method](items));
    expect(code).toBe("ERR_DYNAMODB_THROTTLED");
  });

  it("[SCAN-7] a scan ends with DynamoDB's error", async () => {
    const body = { Items: [], LastEvaluatedKey: { key: { S: "k" } } };
    recorder.spoil(({ request }) => ("Segment" in request ? slowDown : { status: 200, body }));
    const { name } = await failureOf(recorded({ timeout: 1000 }).getKeys());
    expect(name).toBe("ThrottlingException");
  }, 30_000);

  it.each([
    ["x-amz-retry-after", "4000"],
    ["retry-after", "4"],
  ])("[TIME-5] a delay (%s) beyond the deadline fails the call", async (name, value) => {
    recorder.spoil(() => ({ ...slowDown, headers: { [name]: value } }));
    const error = await failsWithin(0, 2000, { timeout: 2000 });
    expect(error).toMatchObject({ name: "ThrottlingException", $metadata: { attempts: 1 } });
    expect(error.$metadata.requestId).toBeTruthy();
  });
});

it("[OPT-14] connectTimeout limits TCP and TLS set-up, unless it is disabled", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const endpoint = (await listen(server)).replace("http", "https");
  const off = { endpoint, attemptTimeout: 0, timeout: 0, maxAttempts: 1 };
  const { code } = await failsWithin(190, 2500, { ...off, connectTimeout: 200 });
  expect(code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|CONNECTION)$/);
  // Longer than the default of 3.1 s.
  const patient = failureOf(recorded({ ...off, connectTimeout: 0 }).getItem("k"));
  expect(await Promise.race([patient, sleep(3600, "waiting")])).toBe("waiting");
  sockets.forEach((socket) => socket.destroy());
  server.close();
  expect((await patient).code).toBe("ERR_DYNAMODB_CONNECTION");
}, 20_000);
