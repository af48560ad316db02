// What every case has at hand inside its own process: drivers with canary secrets, the outcome of a call, and the
// figures that are judged when it ends.
import { openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import dynamoDbCacheDriver from "../../../index.mjs";

export { sleep };

/** Nothing of these may be in any output. */
export const canary = {
  credentials: {
    accessKeyId: "AKIDCANARY",
    secretAccessKey: "CANARYsecret",
    sessionToken: "CANARYtoken",
  },
  value: "CANARYvalue".repeat(10),
};

const drivers = [];
let pending = 0;

/** A driver whose calls are counted, disposed at the end. */
export function make(options) {
  const driver = dynamoDbCacheDriver({
    table: "cases",
    region: "us-east-1",
    credentials: canary.credentials,
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
 * How a call ended, and when: before its deadline, or the case has failed. An error comes with all that a log could
 * show of it.
 */
export async function settle(call, deadlineMs = 20_000) {
  const begin = performance.now();
  const late = AbortSignal.timeout(deadlineMs);
  const overdue = new Promise((_, reject) => {
    const fail = () => reject(new Error(`not settled within ${deadlineMs} ms`));
    late.addEventListener("abort", fail);
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

/** Everything a log could show of an error, its hidden properties and causes included. */
export function shown(error) {
  const parts = [String(error), JSON.stringify(error)];
  for (let link = error; link && typeof link === "object"; link = link.cause) {
    parts.push(inspect(link, { depth: Infinity, showHidden: true, getters: true }));
    parts.push(String(link.message), String(link.stack));
  }
  return parts.join("\n");
}

/** How many are open; where not one is left to look with, more than any number. */
export function descriptors() {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch (error) {
    if (error.code !== "EMFILE") throw error;
    return Infinity;
  }
}

/** Names of the threads of this process. */
export function threads() {
  const names = readdirSync("/proc/self/task").map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim();
    } catch {
      // Ended meanwhile.
      return "";
    }
  });
  return names.filter((name) => name !== "");
}

// How long this thread could have run and was kept waiting: other work on the machine, and no fault of the driver's.
// Opened once: a case may use up the descriptors.
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

let baseline = { descriptors: 0, threads: 0 };

/** Loads the addon and sends a first request, which is refused, so that one-time initialisation is not measured. */
export async function start() {
  // Node opens a descriptor of its own with its first stream.
  process.stdout.write("");
  const none = { endpoint: "http://127.0.0.1:9", maxAttempts: 1 };
  await settle(make(none).getItem("k"));
  await sleep(20);
  baseline = { descriptors: descriptors(), threads: threads().length };
  watchEventLoop();
}

/** Restarts the measurement of the event loop, to leave out the work of the case itself. */
export function resetLag() {
  lag = 0;
}

/** The figures of the whole case, once everything has had the chance to go. */
export async function finish() {
  const blocked = lag;
  await Promise.all(drivers.map((driver) => driver.dispose()));
  const end = performance.now() + 5000;
  while (descriptors() > baseline.descriptors && performance.now() < end) await sleep(20);
  return {
    pending,
    lag: blocked,
    descriptors: descriptors() - baseline.descriptors,
    threads: threads().length - baseline.threads,
  };
}
