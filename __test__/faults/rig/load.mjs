// A process that runs operations for a long time and reports its memory, descriptors and threads.
//
// node --expose-gc load.mjs '{ endpoint, table, operations | seconds, rate, fail, seed }'
import { readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import dynamoDbCacheDriver from "../../../index.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";

const given = JSON.parse(process.argv[2] ?? "{}");
const { endpoint, table, operations = Infinity, seconds = Infinity, rate, fail } = given;
const random = seededRandom(given.seed ?? 1);
const collect = /** @type {() => void} */ (globalThis.gc);
const samplesWanted = 60;
const inFlightAtMost = 100;

const held = () => ({
  descriptors: readdirSync("/proc/self/fd").length,
  threads: readdirSync("/proc/self/task").length,
});
const credentials = { accessKeyId: "LOCAL", secretAccessKey: "local" };
const limits = { attemptTimeout: 2000, timeout: 8000 };
const options = { endpoint, table, region: "us-east-1", credentials, ...limits };
// Loads and connects once, so that the baseline includes one-time allocations.
const first = dynamoDbCacheDriver(options);
await first.getItem("k").catch(() => {});
await first.dispose();
await sleep(12_000);
const baseline = held();

const driver = dynamoDbCacheDriver(options);
const value = "v".repeat(500);
const key = () => `k:${Math.floor(random() * 5000)}`;

/** Calls that succeed if the endpoint does. */
const fine = [
  () => driver.getItem(key()),
  () => driver.setItem(key(), value),
  () => driver.setItemRaw(key(), Buffer.from(value)),
  () => driver.hasItem(key()),
  () => driver.removeItem(key()),
  () => driver.getItems([key(), key(), key()]),
  () => driver.setItems([key(), key(), key()].map((one) => ({ key: one, value }))),
  () => driver.getMeta(key()),
];
/** Calls that reject for different reasons. */
const failing = [
  () => driver.setItem("", value),
  () => driver.setItem("k", /** @type {any} */ (() => {})),
  () => driver.setItem("k", value, { ttl: -1 }),
  () => driver.getItem("k", { signal: AbortSignal.abort() }),
  () => driver.getItem("fail"),
  () => driver.setItem("fail", value),
  () => driver.setItems(["fail", "fail2"].map((one) => ({ key: one, value }))),
];

let done = 0;
let begun = 0;
let resolved = 0;
/** @type {Record<string, number>} */
const rejected = {};
/** @type {number[]} */
const times = [];
/** In megabytes. @type {{ operations: number, rss: number }[]} */
const samples = [];

async function operate() {
  const isFailing = fail && begun % 2 === 1;
  begun += 1;
  const calls = isFailing ? failing : fine;
  const start = performance.now();
  try {
    await calls[Math.floor(random() * calls.length)]?.();
    resolved += 1;
  } catch (error) {
    rejected[error.code] = (rejected[error.code] ?? 0) + 1;
  }
  done += 1;
  if (!isFailing && random() < 0.05) times.push(performance.now() - start);
}

function sample() {
  collect();
  collect();
  const rss = Number((process.memoryUsage().rss / 2 ** 20).toFixed(2));
  samples.push({ operations: done, rss });
}

const begin = performance.now();
const elapsed = () => (performance.now() - begin) / 1000;
const isOver = () => begun >= operations || elapsed() >= seconds;
function sampleWhenDue() {
  const progress = Math.max(done / operations, elapsed() / seconds);
  if (progress * samplesWanted >= samples.length) sample();
}

/** One operation after another. */
async function lane() {
  while (!isOver()) {
    await operate();
    sampleWhenDue();
  }
}

/** Starts operations at a fixed rate, independent of their duration. */
async function atFixedRate() {
  const open = new Set();
  while (!isOver()) {
    while (begun < Math.floor(elapsed() * rate) && open.size < 10 * inFlightAtMost) {
      const call = operate().finally(() => open.delete(call));
      open.add(call);
    }
    sampleWhenDue();
    await sleep(10);
  }
  await Promise.all(open);
}

await (rate ? atFixedRate() : Promise.all(Array.from({ length: inFlightAtMost }, lane)));
sample();
const took = Math.round(elapsed());
await driver.dispose();

const left = () => ({
  descriptorsLeft: held().descriptors - baseline.descriptors,
  threadsLeft: held().threads - baseline.threads,
});
// Threads for lookups and files exit 10 seconds after their last work.
const end = performance.now() + 20_000;
while (Math.max(...Object.values(left())) > 0 && performance.now() < end) await sleep(100);

/** Megabytes per 50,000 operations, by least squares over the last half. */
function slope() {
  const half = samples.filter((one) => one.operations >= done / 2);
  const sum = (/** @type {(one: { operations: number, rss: number }) => number} */ of) =>
    half.reduce((total, one) => total + of(one), 0);
  const [x, y] = [sum((one) => one.operations) / half.length, sum((one) => one.rss) / half.length];
  const above = sum((one) => (one.operations - x) * (one.rss - y));
  return Number(((above / sum((one) => (one.operations - x) ** 2)) * 50_000).toFixed(3));
}

times.sort((a, b) => a - b);
const quantile = (/** @type {number} */ q) => Math.round(times[Math.floor(times.length * q)] ?? 0);
const at = (/** @type {number} */ index) => samples.at(index)?.rss;
const result = {
  operations: done,
  resolved,
  rejected,
  seconds: took,
  milliseconds: { p50: quantile(0.5), p99: quantile(0.99) },
  megabytesPer50000: slope(),
  megabytes: { first: at(1), half: at(samples.length >> 1), last: at(-1) },
  ...left(),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
