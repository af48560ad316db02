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

/** @param {object} [options] */
const make = (options) => dynamoDbCacheDriver({ endpoint, table, region, credentials, ...options });

/** @template T @param {number} count @param {(index: number) => T} one */
const many = (count, one) =>
  Array.from({ length: count }, (_, index) => {
    calls += 1;
    return one(index);
  });

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
        await Promise.all(many(2, () => driver.setItem("value", /** @type {any} */ (value))));
        assert.deepEqual(await driver.getItem("value"), value);
      }
      for (const size of [0, 1, 4096, 300_000]) {
        const bytes = Buffer.alloc(size, "bytes");
        const set = many(1, () => driver.setItemRaw("bytes", bytes));
        // The bytes are copied when the call is made, so later changes have no effect.
        structuredClone(bytes.buffer, size === 300_000 ? { transfer: [bytes.buffer] } : {});
        await Promise.all(set);
        const [read] = await Promise.all(many(1, () => driver.getItemRaw("bytes")));
        assert.deepEqual(Buffer.from(read), Buffer.alloc(size, "bytes"));
      }
      await Promise.all(many(1, () => driver.removeItem("bytes")));
      const facts = await Promise.all([
        ...many(1, () => driver.hasItem("bytes")),
        ...many(1, () => driver.getMeta("bytes")),
      ]);
      assert.deepEqual(facts, [false, null]);
      await driver.dispose();
    },
  ],
  [
    "batches, lists and clear",
    async () => {
      const driver = make();
      const items = Array.from({ length: 500 }, (_, i) => ({ key: `b:${i}`, value: `v${i}` }));
      await Promise.all(many(4, (lane) => driver.setItems(items.filter((_, i) => i % 4 === lane))));
      const asked = [...items.map(({ key }) => key), "b:none", "b:0"];
      const [read] = await Promise.all(many(1, () => driver.getItems(asked)));
      assert.deepEqual(
        read?.map(({ value }) => value),
        [...items.map(({ value }) => value), null, "v0"],
      );
      const [keys] = await Promise.all(many(1, () => driver.getKeys("b:")));
      assert.equal(keys?.length, items.length);
      await Promise.all(many(1, () => driver.clear("b:")));
      assert.deepEqual((await Promise.all(many(1, () => driver.getKeys("b:"))))[0], []);
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
      const driver = /** @type {any} */ (make());
      const odd = ["", "\ud800", 1, Symbol("s"), () => {}, new Map([["a", 1n]]), undefined, {}];
      for (const one of odd) {
        const refused = [
          ...many(1, () => driver.getItem(one)),
          ...many(1, () => driver.setItem("k", one, { ttl: one })),
          ...many(1, () => driver.getItems([one, { key: one }])),
          ...many(1, () => driver.setItems([{ key: one, value: one }])),
          ...many(1, () => driver.setItemRaw("k", one)),
        ];
        await Promise.allSettled(refused);
      }
      assert.equal(await codeOf(driver.getItem("")), "ERR_DYNAMODB_INVALID_KEY");
      await assert.rejects(make({ table: 1 }).getItem("k"));
      await driver.dispose();
    },
  ],
  [
    "aborts",
    async () => {
      const silent = await silence();
      const driver = make({ endpoint: silent.endpoint });
      for (let round = 0; round < 20; round += 1) {
        const controllers = many(25, () => new AbortController());
        const open = controllers.map(({ signal }, i) =>
          codeOf(
            i % 2
              ? driver.getItem("k", { signal })
              : driver.setItem("k", "v".repeat(9999), { signal }),
          ),
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
        const workers = many(4, () => {
          const options = { workerData: { endpoint: silent.endpoint, table } };
          return new Worker(file, options);
        });
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
