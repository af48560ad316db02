// Runs one job with one contestant through the counting proxy: `node bill.mjs SPEC`. Prints one line of JSON.
import { deepStrictEqual } from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

import { createStorage, prefixStorage } from "unstorage";

import { startCounter } from "../lib/counter.mjs";
import { ordersOf, pageOf, sessionOf } from "../lib/texts.mjs";

/**
 * @typedef {object} Store the keys under one base
 * @property {(key: string, value: any) => Promise<unknown>} set expires after an hour
 * @property {(key: string) => Promise<any>} get
 * @property {() => Promise<unknown>} clear
 * @property {() => Promise<string[]>} [list]
 */

const spec = JSON.parse(process.argv[2] ?? "");
const { table, region, credentials, operation, size, keys, inFlight, count } = spec;
const counter = await startCounter(spec.endpoint);
const { endpoint } = counter;
const expiry = 3600;

/**
 * Configures each driver as its documentation says, without an in-memory cache.
 *
 * @returns {Promise<(base: string) => Store>}
 */
async function open() {
  const { resolve } = createRequire(path.join(spec.rivals, "package.json"));
  if (spec.contestant === "@keyv/dynamo") {
    const { KeyvDynamo, Keyv } = await import(resolve("@keyv/dynamo"));
    return (namespace) => {
      const store = new KeyvDynamo({ tableName: table, endpoint, region, credentials });
      const keyv = new Keyv(store, { namespace, throwOnErrors: true });
      return {
        set: (key, value) => keyv.set(key, value, expiry * 1000),
        get: (key) => keyv.get(key),
        // It deletes all keys of the first page in one batch, which DynamoDB rejects if there are more than 25. The
        // figure `items` shows how many were deleted.
        clear: () => keyv.clear().catch(() => {}),
      };
    };
  }
  if (spec.contestant === "bentocache") {
    const { BentoCache, bentostore } = await import(resolve("bentocache"));
    const { dynamoDbDriver } = await import(resolve("bentocache/drivers/dynamodb"));
    const driver = dynamoDbDriver({ table: { name: table }, endpoint, region, credentials });
    const store = bentostore().useL2Layer(driver);
    const bento = new BentoCache({ default: "main", stores: { main: store } });
    return (base) => {
      const cache = bento.namespace(base);
      return {
        set: (key, value) => cache.set({ key, value, ttl: expiry * 1000 }),
        get: (key) => cache.get({ key }),
        clear: () => cache.clear(),
      };
    };
  }
  const { default: factory } = await import(spec.module);
  const options = { table, endpoint, region, credentials, expireIn: expiry, ...spec.options };
  const driver = factory(options);
  const storage = createStorage({ driver });
  return (base) => {
    const { setItem: set, getItem: get, getKeys: list } = prefixStorage(storage, base);
    // unstorage's own `clear` skips mounts above the base.
    return { set, get, clear: () => driver.clear(base), list: () => list() };
  };
}

const storeOf = await open();
const bases = Array.from({ length: operation === "purge" ? 10 : 1 }, (_, base) => `base${base}`);
const stores = bases.map(storeOf);
const [store] = /** @type {[Store]} */ (stores);

/** @type {(turn: number) => unknown} */
const valueOf =
  operation === "sessions" ? sessionOf : operation === "json" ? () => orders : () => page;
const [page, orders] = [pageOf(size), ordersOf(size)];

/** @param {number} total @param {(turn: number) => Promise<unknown>} call */
async function drive(total, call) {
  let next = 0;
  const lane = async () => {
    while (next < total) {
      await call(next++);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, total) }, lane));
}

/** Calls `act` for every item. @param {(store: Store, key: string, turn: number) => Promise<unknown>} act */
const each = (act) =>
  drive(keys, (turn) =>
    act(/** @type {Store} */ (stores[turn % stores.length]), `item:${turn}`, turn),
  );
const write = () => each((one, key, turn) => one.set(key, valueOf(turn)));

const read = async (/** @type {Store} */ one, /** @type {string} */ key, turn = 0) =>
  deepStrictEqual(await one.get(key), valueOf(turn));

/** @type {Record<string, () => Promise<unknown>>} */
const jobs = {
  hot: () => drive(count, () => read(store, "item:0")),
  list: async () => (await store.list?.())?.length,
  purge: () => store.clear(),
};
const job = jobs[operation];

// Opens a connection, and creates @keyv/dynamo's table.
await Promise.all(stores.map((one) => one.get("absent")));
if (job) {
  await write();
}
counter.reset();
const result = await (job ? job() : write().then(() => each(read)));
const counts = { ...counter.totals() };
let left = 0;
if (operation === "purge") {
  await each(async (one, key) => void ((await one.get(key)) && (left += 1)));
}
const items = operation === "purge" ? keys - left : result;
console.log(JSON.stringify({ ...counts, items }));
counter.stop();
