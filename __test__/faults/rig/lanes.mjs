// The client of the nothing-lost test, in a process of its own that may be killed at any byte. Tells on stdout, line by
// line, what it is about to do and how that ended: a pipe is written at once, so nothing that happened is untold.
//
// node lanes.mjs '{ endpoint, table, seed, first, operations, lanes }'
import dynamoDbCacheDriver from "../../../index.mjs";
import { textOf } from "./ledger.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";

const { endpoint, table, seed, first, operations, lanes } = JSON.parse(process.argv[2] ?? "{}");
const tell = (/** @type {object} */ line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// Ids of writes, and of operations: never given twice, also not by the process after this one.
let number = first;
let done = 0;

/** @param {any} value as the driver gave it @returns {number | undefined} the write it is of; undefined: torn */
function stateOf(value) {
  if (value === null) {
    return 0;
  }
  const text = Buffer.isBuffer(value) ? value.toString() : String(value);
  const [id = 0, size = 0] = text.split(":", 2).map(Number);
  return text === textOf(id, size) ? id : undefined;
}

class Lane {
  #base;
  #random;
  #driver;

  /** @param {number} index */
  constructor(index) {
    this.#random = seededRandom(seed * 1000 + first + index);
    // Half of the lanes have their base as an option, half in their keys.
    const isOption = index % 2 === 0;
    this.#base = isOption ? "" : `lane${index}:`;
    this.stored = isOption ? `lane${index}:` : "";
    this.#driver = dynamoDbCacheDriver({
      endpoint,
      table,
      region: "us-east-1",
      credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
      ...(isOption ? { base: `lane${index}` } : {}),
      connectTimeout: 1000,
      attemptTimeout: 2000,
      timeout: 8000,
      maxConnections: 8,
      // Some give up at once, so that there are writes of unknown outcome.
      maxAttempts: [1, 2, 4, 4][index % 4],
    });
  }

  /** @param {number} count */
  #below(count) {
    return Math.floor(this.#random() * count);
  }

  #key() {
    const part = ["a", "b", "a:b", "ab"][this.#below(4)];
    return `${this.#base}${part}:${this.#below(12)}`;
  }

  /** A write: its id, and what it stores. */
  #content() {
    const id = (number += 1);
    const large = this.#random() < 0.02;
    const size = this.#below(large ? 100_000 : 800);
    return { id, text: textOf(id, size), ttl: id % 2 === 0 ? 100_000 : 0 };
  }

  async run() {
    while (done < operations) {
      done += 1;
      const dice = this.#random();
      if (dice < 0.3) await this.#set();
      else if (dice < 0.5) await this.#setMany();
      else if (dice < 0.6) await this.#remove();
      else if (dice < 0.78) await this.#get();
      else if (dice < 0.9) await this.#getMany();
      else if (dice < 0.97) await this.#list();
      else await this.#clear();
    }
  }

  #set() {
    const [key, { id, text, ttl }] = [this.#key(), this.#content()];
    const writes = [[this.stored + key, id]];
    const call = () =>
      this.#random() < 0.5
        ? this.#driver.setItem(key, text, { ttl })
        : this.#driver.setItemRaw(key, Buffer.from(text), { ttl });
    return this.#do({ method: "setItem", writes }, call);
  }

  #setMany() {
    const items = Array.from({ length: 1 + this.#below(60) }, () => {
      const { id, text, ttl } = this.#content();
      return { key: this.#key(), value: text, options: { ttl }, id };
    });
    const writes = items.map(({ key, id }) => [this.stored + key, id]);
    return this.#do({ method: "setItems", writes }, () => this.#driver.setItems(items));
  }

  #remove() {
    const key = this.#key();
    const writes = [[this.stored + key, 0]];
    return this.#do({ method: "removeItem", writes }, () => this.#driver.removeItem(key));
  }

  #get() {
    const key = this.#key();
    const seen = (/** @type {any} */ value) => ({ saw: [[this.stored + key, stateOf(value)]] });
    return this.#do({ method: "getItem" }, () => this.#driver.getItem(key), seen);
  }

  #getMany() {
    const keys = Array.from({ length: 1 + this.#below(30) }, () => this.#key());
    const seen = (/** @type {any[]} */ found) => ({
      saw: found.map(({ key, value }) => [this.stored + key, stateOf(value)]),
    });
    return this.#do({ method: "getItems" }, () => this.#driver.getItems(keys), seen);
  }

  #list() {
    const base = this.#base + ["", "a", "a:b"][this.#below(3)];
    const seen = (/** @type {string[]} */ keys) => ({
      base: this.#stored(base),
      listed: keys.map((key) => this.stored + key),
    });
    return this.#do({ method: "getKeys" }, () => this.#driver.getKeys(base), seen);
  }

  #clear() {
    const base = this.#base + ["a", "a:b", "b"][this.#below(3)];
    const clears = this.#stored(base);
    return this.#do({ method: "clear", clears }, () => this.#driver.clear(base));
  }

  /** @param {string} base of a call @returns {string} what the keys under it begin with in the table */
  #stored(base) {
    return this.stored + (base === "" || base.endsWith(":") ? base : `${base}:`);
  }

  /**
   * Tells of an operation before it begins, so that no write is unheard of, and how it ended.
   *
   * @param {object} what
   * @param {() => Promise<any>} begin
   * @param {(value: any) => object} [seen]
   */
  async #do(what, begin, seen = () => ({})) {
    const operation = (number += 1);
    tell({ operation, ...what });
    try {
      const value = await begin();
      tell({ operation, resolved: true, ...seen(value) });
    } catch (error) {
      const keys = error.keys?.map((/** @type {string} */ key) => this.stored + key);
      tell({ operation, resolved: false, code: error.code ?? String(error), keys });
    }
  }
}

await Promise.all(Array.from({ length: lanes }, (_, index) => new Lane(index).run()));
tell({ end: number });
