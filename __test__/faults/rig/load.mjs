// A process that does operations for a long time and says what it holds meanwhile: memory, descriptors, threads.
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

const descriptors = () => readdirSync("/proc/self/fd").length;
const threads = () => readdirSync("/proc/self/task").length;

const options = {
  endpoint,
  table,
  region: "us-east-1",
  credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
  attemptTimeout: 2000,
  timeout: 8000,
};
// Loaded and connected once, so that what is made once is in the baseline.
const first = dynamoDbCacheDriver(options);
await first.getItem("k").catch(() => {});
await first.dispose();
await sleep(12_000);
const baseline = { descriptors: descriptors(), threads: threads() };

const driver = dynamoDbCacheDriver(options);
const value = "v".repeat(500);
const key = () => `k:${Math.floor(random() * 5000)}`;

/** Calls that succeed where the endpoint lets them. @type {(() => Promise<unknown>)[]} */
const fine = [
  () => driver.getItem(key()),
  () => driver.getItem(key()),
  () => driver.setItem(key(), value),
  () => driver.setItemRaw(key(), Buffer.from(value)),
  () => driver.hasItem(key()),
  () => driver.removeItem(key()),
  () => driver.getItems([key(), key(), key()]),
  () => driver.setItems([key(), key(), key()].map((one) => ({ key: one, value }))),
  () => driver.getMeta(key()),
];
/** Calls that reject, each in its own place. @type {(() => Promise<unknown>)[]} */
const failing = [
  () => driver.setItem("", value),
  () => driver.setItem("k", /** @type {any} */ (() => {})),
  () => driver.setItem("k", value, { ttl: -1 }),
  () => driver.getItem("k", { signal: AbortSignal.abort() }),
  () => driver.getItem("fail"),
  () => driver.setItem("fail", value),
  () =>
    driver.setItems([
      { key: "fail", value },
      { key: "fail2", value },
    ]),
];

let done = 0;
let begun = 0;
let resolved = 0;
/** @type {Record<string, number>} */
const rejected = {};
/** @type {number[]} */
const times = [];
/** @type {{ operations: number, rss: number, heap: number, descriptors: number, threads: number }[]} */
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
  const { rss, heapUsed, external } = process.memoryUsage();
  const megabytes = (/** @type {number} */ bytes) => Number((bytes / 2 ** 20).toFixed(2));
  samples.push({
    operations: done,
    rss: megabytes(rss),
    heap: megabytes(heapUsed + external),
    descriptors: descriptors(),
    threads: threads(),
  });
}

const begin = performance.now();
const elapsed = () => (performance.now() - begin) / 1000;
const isOver = () => begun >= operations || elapsed() >= seconds;
const progress = () => Math.max(done / operations, elapsed() / seconds);
const sampleWhenDue = () => {
  if (progress() * samplesWanted >= samples.length) sample();
};

/** As many as may be in flight, each begun when one has ended. */
async function atFullSpeed() {
  const lane = async () => {
    while (!isOver()) {
      await operate();
      sampleWhenDue();
    }
  };
  await Promise.all(Array.from({ length: inFlightAtMost }, lane));
}

/** So many in a second, however long they take. */
async function atFixedRate() {
  const open = new Set();
  while (!isOver()) {
    const due = Math.floor(elapsed() * rate);
    while (begun < due && open.size < 10 * inFlightAtMost) {
      const call = operate().finally(() => open.delete(call));
      open.add(call);
    }
    sampleWhenDue();
    await sleep(10);
  }
  await Promise.all(open);
}

await (rate ? atFixedRate() : atFullSpeed());
sample();
const took = elapsed();
await driver.dispose();
// Threads for look-ups and files end 10 seconds after their last work.
const end = performance.now() + 20_000;
const isBack = () => descriptors() <= baseline.descriptors && threads() <= baseline.threads;
while (!isBack() && performance.now() < end) await sleep(100);

/** Megabytes for 50,000 operations, by least squares over the last half. @param {"rss" | "heap"} which */
function slope(which) {
  const half = samples.filter((one) => one.operations >= done / 2);
  const mean = (/** @type {number[]} */ all) => all.reduce((sum, x) => sum + x, 0) / all.length;
  const [x, y] = [mean(half.map((one) => one.operations)), mean(half.map((one) => one[which]))];
  const above = half.reduce((sum, one) => sum + (one.operations - x) * (one[which] - y), 0);
  const below = half.reduce((sum, one) => sum + (one.operations - x) ** 2, 0);
  return Number(((above / below) * 50_000).toFixed(3));
}

times.sort((a, b) => a - b);
const quantile = (/** @type {number} */ q) => Math.round(times[Math.floor(times.length * q)] ?? 0);
const result = {
  operations: done,
  resolved,
  rejected,
  seconds: Math.round(took),
  milliseconds: { p50: quantile(0.5), p99: quantile(0.99) },
  megabytesPer50000: { rss: slope("rss"), heap: slope("heap") },
  megabytes: {
    first: samples[1]?.rss,
    half: samples[samples.length >> 1]?.rss,
    last: samples.at(-1)?.rss,
  },
  descriptorsLeft: descriptors() - baseline.descriptors,
  threadsLeft: threads() - baseline.threads,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
