// The TracingChannel, and the OpenTelemetry subscriber in the guide.
import { execFile } from "node:child_process";
import { tracingChannel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import type { DynamoDbTrace } from "../index.mjs";
import { root } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const channel = tracingChannel("unstorage-dynamodb:request");
const table = useTable();
const recorder = useRecorder();
const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;

let unsubscribe = (): void => {};
afterEach(() => unsubscribe());

/** Every event with its object, which must be the same for all events of a call. */
function subscribe(): [string, DynamoDbTrace][] {
  const events: [string, DynamoDbTrace][] = [];
  const handler = (event: string) => (call: DynamoDbTrace) => void events.push([event, call]);
  const handlers = Object.fromEntries(EVENTS.map((event) => [event, handler(event)])) as any;
  channel.subscribe(handlers);
  unsubscribe = () => void channel.unsubscribe(handlers);
  return events;
}

const driver = (options = {}) => table.driver({ endpoint: recorder.endpoint, ...options });
const { hostname, port } = new URL("http://127.0.0.1:1");

it("[TRACE-1] publishes each call once, with its statistics and without keys and values", async () => {
  const store = driver();
  await store.setItem("secret-key", "secret-value");
  const events = subscribe();
  await store.getItem("secret-key");
  await store.setItems([
    { key: "a", value: "secret-value" },
    { key: "b", value: "2" },
  ]);
  await store.getKeys("secret");
  expect(events.map(([event]) => event)).toEqual(
    Array.from({ length: 3 }, () => ["start", "end", "asyncStart", "asyncEnd"]).flat(),
  );
  const [get, set, list] = [0, 4, 8].map((index) => events[index]![1]);
  expect(events.every(([, call], index) => call === events[index - (index % 4)]![1])).toBe(true);
  const where = {
    table: table.name,
    region: "us-east-1",
    serverAddress: hostname,
    serverPort: Number(new URL(recorder.endpoint).port),
    throttles: 0,
    attempts: 1,
    coalesced: false,
    requestId: expect.any(String),
  };
  expect(port).toBe("1");
  expect(get).toEqual({
    ...where,
    operation: "getItem",
    keys: 1,
    readUnits: 0.5,
    writeUnits: 0,
    bytesSent: recorder.exchanges[1]!.requestBytes,
    bytesReceived: recorder.exchanges[1]!.responseBytes,
  });
  expect(set).toMatchObject({ ...where, operation: "setItems", keys: 2, writeUnits: 2 });
  expect(list).toMatchObject({ ...where, operation: "getKeys", readUnits: 0.5 });
  expect(list).not.toHaveProperty("keys");
  expect(JSON.stringify(events)).not.toContain("secret");
});

it("[TRACE-2] a failed call is published with its code, without a message", async () => {
  const store = driver({ maxAttempts: 2 });
  const events = subscribe();
  recorder.spoil(() => serviceError("ThrottlingException", "slow down"));
  await failureOf(store.getItem("secret-key"));
  recorder.reset();
  await failureOf(store.setItem("", "v"));
  await failureOf(store.getItem("k", { signal: 5 as any }));
  const names = events.map(([event]) => event);
  expect(names.slice(0, 5)).toEqual(["start", "end", "error", "asyncStart", "asyncEnd"]);
  expect(events[0]![1]).toMatchObject({ attempts: 2, throttles: 2, readUnits: 0 });
  expect(events[0]![1].error).toEqual({
    name: expect.any(String),
    code: "ERR_DYNAMODB_THROTTLED",
    retryable: true,
  });
  // A call that fails synchronously.
  expect(names.slice(-3)).toEqual(["start", "error", "end"]);
  expect(events.at(-1)![1].error!.code).toBe("ERR_DYNAMODB_INVALID_ARGUMENT");
  expect(JSON.stringify(events)).not.toContain("secret");
});

it("[TRACE-3] a call that shared a request is published as such", async () => {
  const store = driver();
  const events = subscribe();
  await Promise.all([store.getItem("k"), store.hasItem("k")]);
  // In the order of the calls, which need not be that of their ends.
  const calls = events.filter(([event]) => event === "start").map(([, call]) => call);
  expect(calls).toMatchObject([
    { operation: "getItem", attempts: 1, coalesced: false },
    { operation: "hasItem", attempts: 0, coalesced: true },
  ]);
});

const run = async (program: string) => {
  const env = { ...process.env, OPTIONS: JSON.stringify(engineOptions(table.name)) };
  const child = promisify(execFile)(process.execPath, ["-e", program], { cwd: root, env });
  return (await child).stdout;
};

it("[TRACE-4] a subscriber that throws does not fail the call", async () => {
  const printed = await run(`
    const { tracingChannel } = require("node:diagnostics_channel");
    const throwing = () => { throw new Error("of a subscriber"); };
    const events = ${JSON.stringify(EVENTS)};
    tracingChannel("unstorage-dynamodb:request").subscribe(Object.fromEntries(events.map((event) => [event, throwing])));
    let uncaught = 0;
    process.on("uncaughtException", () => { uncaught += 1; });
    (async () => {
      const driver = require("./index.js")(JSON.parse(process.env.OPTIONS));
      await driver.setItem("k", "v");
      const codes = [await driver.getItem("k"), await driver.setItem("", "v").catch((error) => error.code)];
      console.log(JSON.stringify([...codes, uncaught > 0]));
    })();
  `);
  expect(JSON.parse(printed)).toEqual(["v", "ERR_DYNAMODB_INVALID_KEY", true]);
});

it("[TRACE-4] a subscriber that freezes the object does not fail the call", async () => {
  const printed = await run(`
    const { tracingChannel } = require("node:diagnostics_channel");
    let errors = 0;
    const error = () => { errors += 1; };
    tracingChannel("unstorage-dynamodb:request").subscribe({ start: Object.freeze, error });
    let unhandled = 0;
    process.on("unhandledRejection", () => { unhandled += 1; });
    (async () => {
      const driver = require("./index.js")(JSON.parse(process.env.OPTIONS));
      await driver.setItem("k", "v");
      const code = (failed) => failed.catch((error) => error.code);
      const found = [await driver.getItem("k"), await code(driver.setItem("", "v"))];
      found.push(await code(driver.getItem("k", { signal: 5 })));
      found.push(await code(driver.getItems([new Proxy({}, { get() { throw null; } })])));
      setImmediate(() => console.log(JSON.stringify([...found, errors, unhandled])));
    })();
  `);
  expect(JSON.parse(printed)).toEqual([
    "v",
    "ERR_DYNAMODB_INVALID_KEY",
    "ERR_DYNAMODB_INVALID_ARGUMENT",
    "ERR_DYNAMODB_INTERNAL",
    3,
    0,
  ]);
});

it("[TRACE-5] the subscriber in the guide creates OpenTelemetry spans", async () => {
  const guide = readFileSync(join(root, "docs/guide/tracing.md"), "utf8");
  const subscriber = /^```js\n([^]*?)^```$/m.exec(guide)![1];
  const printed = await run(`
    const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-node");
    const exporter = new InMemorySpanExporter();
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
    ${subscriber}
    (async () => {
      const driver = require("./index.js")(JSON.parse(process.env.OPTIONS));
      await trace.getTracer("app").startActiveSpan("handler", async (span) => {
        await driver.setItem("k", "v");
        await driver.getItems(["k", "l"]);
        await driver.setItem("", "v").catch(() => {});
        await driver.getItem("k", { signal: 5 }).catch(() => {});
        span.end();
      });
      const spans = exporter.getFinishedSpans();
      const parent = spans.at(-1).spanContext().spanId;
      console.log(JSON.stringify(spans.slice(0, -1).map(({ name, kind, status, attributes, parentSpanContext }) =>
        ({ name, kind, status, attributes, inHandler: parentSpanContext.spanId === parent }))));
    })();
  `);
  const span = { kind: 2, inHandler: true };
  const capacity = (read: number, write: number) => [
    `{"TableName":"${table.name}","ReadCapacityUnits":${read},"WriteCapacityUnits":${write}}`,
  ];
  const attributes = (operation: string) => ({
    "db.system.name": "aws.dynamodb",
    "db.operation.name": operation,
    "aws.dynamodb.table_names": [table.name],
    "server.address": new URL(engineOptions(table.name).endpoint!).hostname,
  });
  expect(JSON.parse(printed)).toMatchObject([
    {
      ...span,
      name: `setItem ${table.name}`,
      attributes: {
        ...attributes("setItem"),
        "aws.dynamodb.consumed_capacity": capacity(0, 1),
        "aws.request_id": expect.any(String),
        "cloud.region": "us-east-1",
      },
    },
    {
      ...span,
      name: `getItems ${table.name}`,
      attributes: {
        ...attributes("getItems"),
        "db.operation.batch.size": 2,
        // Engines charge differently for a missing key.
        "aws.dynamodb.consumed_capacity": [expect.stringContaining('"ReadCapacityUnits":')],
      },
    },
    { ...span, status: { code: 2 }, attributes: { "error.type": "ERR_DYNAMODB_INVALID_KEY" } },
    { ...span, status: { code: 2 }, attributes: { "error.type": "ERR_DYNAMODB_INVALID_ARGUMENT" } },
  ]);
});
