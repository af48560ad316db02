// The client of the nothing-lost test, run as a separate process that may be killed at any byte. It reports each
// operation and its result as lines on stdout, which are written immediately because it is a pipe, so no report is
// lost.
//
// node lanes.mjs '{ endpoint, table, seed, first, operations, lanes }'
import dynamoDbCacheDriver from "../../../index.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";
import { textOf, writeOf } from "./ledger.mjs";

const { endpoint, table, seed, first, operations, lanes } = JSON.parse(process.argv[2] ?? "{}");
const tell = (/** @type {object} */ line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// IDs of writes and operations. They are never reused, not even by the next process.
let number = first;
let done = 0;

/** The state of a value that the driver returned. Bytes become text. @param {unknown} value */
const stateOf = (value) => (value === null ? 0 : writeOf(String(value)));

/** The prefix of keys under a base. @param {string} base */
const under = (base) => (base === "" || base.endsWith(":") ? base : `${base}:`);

/** @param {number} index */
async function lane(index) {
  const random = seededRandom(seed * 1000 + first + index);
  // Half of the lanes set their base as an option, half in their keys.
  const isOption = index % 2 === 0;
  const hasEtags = index % 3 === 0;
  const base = isOption ? "" : `lane${index}:`;
  const stored = (/** @type {string} */ key) => (isOption ? `lane${index}:` : "") + key;
  const driver = dynamoDbCacheDriver({
    endpoint,
    table,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
    ...(isOption ? { base: `lane${index}` } : {}),
    connectTimeout: 1000,
    attemptTimeout: 2000,
    timeout: 8000,
    maxConnections: 8,
    // A third can compare etags; the others only know "*".
    ...(hasEtags ? { attributes: { etag: "etag" } } : {}),
    // Some have few attempts, so that some writes have an unknown outcome.
    maxAttempts: [1, 2, 4, 4][index % 4],
  });
  const below = (/** @type {number} */ count) => Math.floor(random() * count);
  const key = () => `${base}${["a", "b", "a:b", "ab"][below(4)]}:${below(12)}`;
  const some = (/** @type {number} */ most) => ({ length: 1 + below(most) });

  /** An item to write, and the ID of that write. */
  function item() {
    const id = (number += 1);
    const size = below(random() < 0.02 ? 100_000 : 800);
    return {
      key: key(),
      value: textOf(id, size),
      options: { ttl: id % 2 === 0 ? 100_000 : 0 },
      id,
    };
  }

  /**
   * Reports an operation before it starts, so that no write is missed, and its result.
   *
   * @param {object} what
   * @param {() => Promise<any>} begin
   * @param {(value: any) => object} [seen]
   */
  async function attempt(what, begin, seen = () => ({})) {
    const operation = (number += 1);
    tell({ operation, ...what });
    try {
      const value = await begin();
      tell({ operation, resolved: true, ...seen(value) });
    } catch (error) {
      tell({
        operation,
        resolved: false,
        code: error.code ?? String(error),
        keys: error.keys?.map(stored),
      });
    }
  }

  /** @param {{ key: string, id: number }[]} items @param {() => Promise<void>} begin */
  const write = (items, begin) =>
    attempt({ writes: items.map((one) => [stored(one.key), one.id]) }, begin);
  /** @param {{ key: string, value: unknown }[]} found */
  const saw = (found) => ({ saw: found.map((one) => [stored(one.key), stateOf(one.value)]) });

  /** A write on condition. `needs` says what it needs: an item, no item, or what the lane has just read. */
  async function writeOnCondition() {
    const one = item();
    const [isRemoval, isWanted] = [random() < 0.3, random() < 0.5];
    /** @type {{ needs: string, ifMatch?: string, ifNoneMatch?: string }} */
    let { needs, ...condition } =
      isRemoval || isWanted
        ? { needs: "item", ifMatch: "*" }
        : { needs: "no item", ifNoneMatch: "*" };
    if (hasEtags && random() < 0.5) {
      const meta = await driver.getMeta(one.key, { consistentRead: true }).catch(() => undefined);
      if (meta === undefined || (isRemoval && meta === null)) return;
      needs = "what was read";
      condition = meta ? { ifMatch: meta.etag ?? "none" } : { ifNoneMatch: "*" };
    }
    const writes = [[stored(one.key), isRemoval ? 0 : one.id]];
    const options = /** @type {{ ifMatch: string }} */ ({ ...one.options, ...condition });
    await attempt({ writes, needs }, async () => {
      if (isRemoval) await driver.removeItem(one.key, { ifMatch: options.ifMatch });
      else await driver.setItem(one.key, one.value, options);
    });
  }

  async function operate() {
    const dice = random();
    const one = item();
    if (dice < 0.1) return write([one], () => driver.setItem(one.key, one.value, one.options));
    if (dice < 0.2) return writeOnCondition();
    if (dice < 0.3) {
      return write([one], () => driver.setItemRaw(one.key, Buffer.from(one.value), one.options));
    }
    if (dice < 0.5) {
      const items = Array.from(some(60), item);
      return write(items, () => driver.setItems(items));
    }
    if (dice < 0.6) return write([{ key: one.key, id: 0 }], () => driver.removeItem(one.key));
    if (dice < 0.78) {
      return attempt(
        {},
        () => driver.getItem(one.key),
        (value) => saw([{ key: one.key, value }]),
      );
    }
    if (dice < 0.9) {
      const keys = Array.from(some(30), key);
      return attempt({}, () => driver.getItems(keys), saw);
    }
    if (dice < 0.97) {
      const listed = base + ["", "a", "a:b"][below(3)];
      return attempt(
        {},
        () => driver.getKeys(listed),
        (keys) => ({
          base: stored(under(listed)),
          listed: keys.map(stored),
        }),
      );
    }
    const cleared = base + ["a", "a:b", "b"][below(3)];
    return attempt({ clears: stored(under(cleared)) }, () => driver.clear(cleared));
  }

  while (done < operations) {
    done += 1;
    await operate();
  }
}

await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
tell({ end: number });
