// One of the clients of the test of large values, which all write the same keys. It may be killed at any byte. It
// reports each operation and its result, with times of the clock that all processes share, and ends when stdin does.
//
// node large-lanes.mjs '{ endpoint, table, seed, first, step, operations, lanes, keys }'
import dynamoDbCacheDriver from "../../../index.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";
import { textOf, writeOf } from "./ledger.mjs";

const { endpoint, table, seed, first, step, operations, lanes, keys } = JSON.parse(
  process.argv[2] ?? "{}",
);
const now = () => Number(process.hrtime.bigint() / 1000n);
const tell = (/** @type {object} */ line) =>
  process.stdout.write(`${JSON.stringify({ at: now(), ...line })}\n`);

// IDs of writes and operations, which no other client uses.
let number = first;
const next = () => (number += step);
let left = operations;
process.stdin.on("end", () => (left = 0)).resume();

/** @param {unknown} value that the driver returned @returns {number | undefined} its write; undefined: torn */
const stateOf = (value) => (value === null ? 0 : writeOf(String(value)));

/** @param {number} index */
async function lane(index) {
  const random = seededRandom(seed * 1000 + first + index);
  const driver = dynamoDbCacheDriver({
    endpoint,
    table,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
    largeValues: {},
    batch: index % 2 === 0,
    consistentRead: index % 2 === 0,
    connectTimeout: 1000,
    attemptTimeout: 2000,
    timeout: 8000,
    maxConnections: 8,
    // Some have few attempts, so that some writes have an unknown outcome.
    maxAttempts: [4, 1, 2][index % 3],
  });
  const below = (/** @type {number} */ count) => Math.floor(random() * count);
  const someKey = () => keys[below(keys.length)];

  /** An item to write, and the ID of that write. */
  function item() {
    const id = next();
    const size = random() < 0.6 ? below(2000) : 410_000 + below(random() < 0.1 ? 500_000 : 100_000);
    return { key: someKey(), value: textOf(id, size), options: { ttl: id % 2 ? 0 : 100_000 }, id };
  }

  /**
   * @param {object} what
   * @param {() => Promise<any>} begin
   * @param {(value: any) => object} [seen]
   */
  async function attempt(what, begin, seen = () => ({})) {
    const operation = next();
    tell({ operation, ...what });
    try {
      const value = await begin();
      tell({ operation, resolved: true, ...seen(value) });
    } catch (error) {
      tell({ operation, resolved: false, code: error.code ?? String(error), keys: error.keys });
    }
  }

  /** @param {string} key */
  function read(key) {
    const saw = (/** @type {any} */ value) => ({ saw: [[key, stateOf(value)]] });
    return attempt({}, () => driver.getItem(key), saw);
  }

  /** @param {ReturnType<typeof item>[]} items @param {() => Promise<unknown>} begin */
  async function write(items, begin) {
    const large = items.filter(({ value }) => value.length > 409_600);
    const writes = items.map(({ key, id }) => [key, id]);
    await attempt({ writes, large: large.length }, begin);
    // Otherwise, another write could replace a value that cannot be read before it is read.
    for (const { key } of large) await read(key);
  }

  async function operate() {
    const dice = random();
    const one = item();
    if (dice < 0.3) return write([one], () => driver.setItem(one.key, one.value, one.options));
    if (dice < 0.4) {
      return write([one], () => driver.setItemRaw(one.key, Buffer.from(one.value), one.options));
    }
    if (dice < 0.45) {
      const condition = random() < 0.5 ? { ifMatch: "*" } : { ifNoneMatch: "*" };
      return write([one], () =>
        driver.setItem(one.key, one.value, { ...one.options, ...condition }),
      );
    }
    if (dice < 0.5) {
      const items = [one, item()];
      return write(items, () => driver.setItems(items));
    }
    if (dice < 0.58) {
      return attempt({ writes: [[one.key, 0]] }, () => driver.removeItem(one.key));
    }
    if (dice < 0.9) return read(one.key);
    if (dice < 0.98) {
      const saw = (/** @type {{ key: string, value: unknown }[]} */ found) => ({
        saw: found.map(({ key, value }) => [key, stateOf(value)]),
      });
      return attempt({}, () => driver.getItems([one.key, someKey()]), saw);
    }
    if (dice < 0.99) {
      const cleared = keys.map((/** @type {string} */ key) => [key, 0]);
      return attempt({ writes: cleared }, () => driver.clear());
    }
    return attempt({}, () => driver.getInstance().sweep());
  }

  while (left > 0) {
    left -= 1;
    await operate();
  }
}

await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
process.stdin.destroy();
