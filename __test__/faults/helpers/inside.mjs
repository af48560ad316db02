// Shared code of all cases, run inside their processes: drivers with canary secrets, the outcome of a call, and the
// figures that are checked at the end.
import { openSync, readdirSync, readSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import dynamoDbCacheDriver from "../../../index.mjs";

export { sleep };

const [accessKeyId, secretAccessKey, sessionToken] = ["AKIDCANARY", "CANARYsecret", "CANARYtoken"];
/** None of these may appear in any output. */
export const canary = {
  credentials: { accessKeyId, secretAccessKey, sessionToken },
  value: "CANARYvalue".repeat(10),
};

const drivers = [];
let pending = 0;

/** Creates a driver whose calls are counted. It is disposed at the end. */
export function make(options) {
  const { credentials } = canary;
  const driver = dynamoDbCacheDriver({
    table: "cases",
    region: "us-east-1",
    credentials,
    ...options,
  });
  drivers.push(driver);
  const counted = Object.entries(driver).map(([name, member]) => [
    name,
    typeof member === "function" && name !== "dispose" ? count(member) : member,
  ]);
  return Object.fromEntries(counted);
}

function count(method) {
  return (...given) => {
    pending += 1;
    const settled = () => (pending -= 1);
    const call = method(...given);
    call.then(settled, settled);
    return call;
  };
}

/**
 * Reports how and when a call ended. The case fails if that is after the deadline. An error includes everything that a
 * log could show of it.
 */
export async function settle(call, deadlineMs = 20_000) {
  const begin = performance.now();
  const overdue = sleep(deadlineMs, undefined, { ref: false }).then(() => {
    throw new Error(`not settled within ${deadlineMs} ms`);
  });
  const outcome = await Promise.race([call.then(fulfilled, rejected), overdue]);
  return { ms: performance.now() - begin, ...outcome };
}

const fulfilled = (value) => ({ value: value === undefined ? "undefined" : value });

function rejected(error) {
  const { name, code, message, operation, retryable, keys, $metadata } = error;
  const facts = { name, code, message, operation, retryable, keys: keys?.length, ...$metadata };
  return { error: facts, shown: shown(error) };
}

/** Everything that a log could show of an error, including hidden properties and causes. */
function shown(error) {
  const parts = [String(error), JSON.stringify(error)];
  for (let link = error; link && typeof link === "object"; link = link.cause) {
    parts.push(inspect(link, { depth: Infinity, showHidden: true, getters: true }));
    parts.push(String(link.message), String(link.stack));
  }
  return parts.join("\n");
}

/** @param {Promise<unknown>[]} calls */
export const settleAll = (calls, deadlineMs = 20_000) =>
  Promise.all(calls.map((call) => settle(call, deadlineMs)));

export const megabytes = () => process.memoryUsage().rss / 2 ** 20;

/** The number of open descriptors, or infinity if none is left to read it. */
export function descriptors() {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch (error) {
    if (error.code !== "EMFILE") throw error;
    return Infinity;
  }
}

// How long this thread was runnable but waiting: other work on the machine, not a fault of the driver. Opened once,
// because a case may exhaust the descriptors.
const schedule = openSync("/proc/self/schedstat", "r");
const line = Buffer.alloc(100);

function waited() {
  const length = readSync(schedule, line, 0, line.length, 0);
  return Number(line.toString("latin1", 0, length).split(" ")[1]) / 1e6;
}

let lag = 0;
const tick = 10;

function watchEventLoop() {
  let [before, waitedBefore] = [performance.now(), waited()];
  setInterval(() => {
    const [now, waitedNow] = [performance.now(), waited()];
    lag = Math.max(lag, now - before - tick - (waitedNow - waitedBefore));
    [before, waitedBefore] = [now, waitedNow];
  }, tick).unref();
}

const held = () => ({ descriptors: descriptors(), threads: readdirSync("/proc/self/task").length });
let baseline = held();

/** Loads the addon and sends a first request, which is rejected, so that one-time initialisation is not measured. */
export async function start() {
  // Node opens a descriptor with its first stream.
  process.stdout.write("");
  const none = { endpoint: "http://127.0.0.1:9", maxAttempts: 1 };
  await settle(make(none).getItem("k"));
  await sleep(20);
  baseline = held();
  watchEventLoop();
}

/** Reports the figures of the case, after connections had time to close. */
export async function finish() {
  const blocked = lag;
  await Promise.all(drivers.map((driver) => driver.dispose()));
  const end = performance.now() + 5000;
  while (descriptors() > baseline.descriptors && performance.now() < end) await sleep(20);
  const after = held();
  return {
    pending,
    lag: blocked,
    descriptors: after.descriptors - baseline.descriptors,
    threads: after.threads - baseline.threads,
  };
}
