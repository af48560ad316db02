// The workload for Node under AddressSanitizer: every method, rejected calls, and every way in which a call, a driver
// or a thread can end early. Results are checked, because memory errors may go unreported.
//
// node --expose-gc workload.mjs '{ endpoint, table }'; prints `PART: N calls`.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

import dynamoDbCacheDriver from "../../index.mjs";
import { listen } from "../../scripts/lib/listen.mjs";
import { credentials, region } from "../../scripts/lib/engine.mjs";

const { endpoint, table } = isMainThread ? JSON.parse(process.argv[2] ?? "{}") : workerData;

let calls = 0;

/**
 * A driver whose calls are counted; `any`, as parts pass it what its types forbid.
 *
 * @param {object} [options]
 * @returns {any}
 */
function make(options) {
  /** @type {any} */
  const driver = dynamoDbCacheDriver({ endpoint, table, region, credentials, ...options });
  const counted = (/** @type {any} */ target, /** @type {string} */ name) => {
    calls += 1;
    return target[name].bind(target);
  };
  return new Proxy(driver, { get: counted });
}

/** @template T @param {number} count @param {(index: number) => T} one */
const many = (count, one) => Array.from({ length: count }, (_, index) => one(index));

/** @param {Promise<unknown>} call */
const codeOf = (call) =>
  call.then(
    () => "resolved",
    (error) => error.code ?? error.name,
  );

/** Starts a server that accepts connections and never responds. */
async function silence() {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  return {
    endpoint: await listen(server),
    async connections(/** @type {number} */ wanted) {
      while (sockets.size < wanted) await sleep(5);
    },
    close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

const texts = ["", "a", "ä€😀\0", "x".repeat(300_000)];
const values = [...texts, 0, -1.5, 2 ** 53 - 1, true, null, [], { a: [1, { b: texts }] }];

/** @type {[string, () => Promise<void>][]} */
const parts = [
  [
    "values and bytes",
    async () => {
      const driver = make();
      for (const value of values) {
        await Promise.all(many(2, () => driver.setItem("value", value)));
        assert.deepEqual(await driver.getItem("value"), value);
      }
      for (const size of [0, 1, 4096, 300_000]) {
        const bytes = Buffer.alloc(size, "bytes");
        const set = driver.setItemRaw("bytes", bytes);
        // The bytes are copied when the call is made, so later changes have no effect.
        structuredClone(bytes.buffer, size === 300_000 ? { transfer: [bytes.buffer] } : {});
        await set;
        assert.deepEqual(await driver.getItemRaw("bytes"), Buffer.alloc(size, "bytes"));
      }
      await driver.removeItem("bytes");
      assert.equal(await driver.hasItem("bytes"), false);
      assert.equal(await driver.getMeta("bytes"), null);
      await driver.dispose();
    },
  ],
  [
    "batches, lists and clear",
    async () => {
      const driver = make();
      const items = Array.from({ length: 500 }, (_, i) => ({ key: `b:${i}`, value: `v${i}` }));
      await Promise.all(many(4, (lane) => driver.setItems(items.filter((_, i) => i % 4 === lane))));
      const asked = [...items, { key: "b:none", value: null }, { key: "b:0", value: "v0" }];
      assert.deepEqual(await driver.getItems(asked.map(({ key }) => key)), asked);
      assert.equal((await driver.getKeys("b:")).length, items.length);
      await driver.clear("b:");
      assert.deepEqual(await driver.getKeys("b:"), []);
      await driver.dispose();
    },
  ],
  [
    "thousands at once",
    async () => {
      const driver = make();
      await Promise.all(many(1000, (i) => driver.setItem(`m:${i % 100}`, `v${i % 100}`)));
      const read = await Promise.all(many(2000, (i) => driver.getItem(`m:${i % 100}`)));
      read.forEach((value, i) => assert.equal(value, `v${i % 100}`));
      await driver.dispose();
    },
  ],
  [
    "refusals",
    async () => {
      const driver = make();
      const odd = ["", "\ud800", 1, Symbol("s"), () => {}, new Map([["a", 1n]]), undefined, {}];
      for (const one of odd) {
        await Promise.allSettled([
          driver.getItem(one),
          driver.setItem("k", one, { ttl: one }),
          driver.getItems([one, { key: one }]),
          driver.setItems([{ key: one, value: one }]),
          driver.setItemRaw("k", one),
        ]);
      }
      assert.equal(await codeOf(driver.setItem("", "v")), "ERR_DYNAMODB_INVALID_KEY");
      await assert.rejects(make({ table: 1 }).getItem("k"));
      await driver.dispose();
    },
  ],
  [
    "aborts",
    async () => {
      const silent = await silence();
      const driver = make({ endpoint: silent.endpoint });
      const long = "v".repeat(9999);
      for (let round = 0; round < 20; round += 1) {
        const controllers = many(25, () => new AbortController());
        const open = controllers.map(({ signal }, i) =>
          codeOf(i % 2 ? driver.getItem("k", { signal }) : driver.setItem("k", long, { signal })),
        );
        for (let i = 0; i < round; i += 1) await turn();
        controllers.forEach((controller) => controller.abort());
        assert.deepEqual(new Set(await Promise.all(open)), new Set(["ERR_DYNAMODB_ABORTED"]));
      }
      await driver.dispose();
      silent.close();
    },
  ],
  [
    "drivers disposed or forgotten at work",
    async () => {
      const silent = await silence();
      for (let round = 0; round < 10; round += 1) {
        const driver = make({ endpoint: silent.endpoint, timeout: 300, maxAttempts: 1 });
        const open = many(100, (n) => codeOf(driver.getItem(`k${n}`)));
        for (let i = 0; i < round; i += 1) await turn();
        await driver.dispose();
        const codes = new Set(await Promise.all(open));
        assert.ok(!codes.has("resolved"), [...codes].join());
        await Promise.all(many(20, () => make().getItem("none")));
        /** @type {() => void} */ (globalThis.gc)();
      }
      silent.close();
    },
  ],
  [
    "workers terminated with requests in flight",
    async () => {
      const file = fileURLToPath(import.meta.url);
      for (let round = 0; round < 5; round += 1) {
        const silent = await silence();
        const options = { workerData: { endpoint: silent.endpoint, table } };
        const workers = many(4, () => new Worker(file, options));
        calls += 20 * workers.length;
        // Of 80 requests, in rounds from the first connection to nearly all of them.
        await silent.connections(1 + 19 * round);
        await Promise.all(workers.map((worker) => worker.terminate()));
        silent.close();
      }
    },
  ],
];

async function work() {
  if (!isMainThread) {
    const driver = make();
    await Promise.allSettled(many(20, (i) => driver.setItem(`w:${i}`, "v".repeat(1000))));
    return;
  }
  for (const [name, part] of parts) {
    calls = 0;
    await part();
    console.log(`${name}: ${calls} calls`);
  }
}

// Not awaited: V8 can abort if a thread is terminated while a module with top-level await starts
// (denoland/rusty_v8#830).
void work();
