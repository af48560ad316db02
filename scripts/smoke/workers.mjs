// Many reads at once, worker threads that are terminated with reads in flight, and a process that ends in the same way.
import assert from "node:assert/strict";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import driver from "unstorage-dynamodb";

import options from "./options.cjs";

const [endpoint, expected] = isMainThread ? process.argv.slice(2) : workerData;
const cache = driver({ ...options, table: "some-table", endpoint, maxAttempts: 1 });

/** @param {number} count */
const read = (count) =>
  Promise.all(Array.from({ length: count }, (_, index) => cache.getItem(`k${index}`)));

if (isMainThread) {
  const values = await read(1000);
  assert.deepEqual(new Set(values), new Set([expected]));
  const self = new URL(import.meta.url);
  const parameters = { workerData: [endpoint, expected] };
  const workers = Array.from({ length: 5 }, () => new Worker(self, parameters));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.equal(await cache.getItem("k"), expected);
  console.log(`${values.length} reads at once, ${workers.length} workers terminated`);
  void read(100);
  process.exit();
}

assert.equal(await cache.getItem("k"), expected);
const pending = read(100);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have origins
parentPort?.postMessage("reading");
await pending;
for (;;) await read(10);
