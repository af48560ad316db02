"use strict";

// The option `nearCache`: keeps text and bytes that were read in this process. Loaded only if the option is given. It is
// not in Rust because a call of the addon takes far longer than a hit.

// Not the global one, which test runners replace and Jest's realms lack.
const { performance } = require("node:perf_hooks");

// The memory of an entry in addition to its key and value. In Node 20 it is 260 bytes with text, and 470 with bytes.
const ENTRY_BYTES = 512;
const MAX_SHARE = 1 / 8; // of the cache that an entry may take
// The methods that an entry can answer: getItemRaw decodes text that starts with `base64:`.
const [PLAIN, RAW, BOTH] = [1, 2, 3];
const BASE64 = "base64:";

// Either clock alone can be wrong: the monotonic one stops while the process is suspended, and the wall clock can be set.
const systemClocks = () => ({ monotonic: performance.now(), wall: Date.now() });
// Negated, so that a clock that a test has replaced by one without a result ends all entries.
const isOver = (until, now) => !(now.monotonic < until.monotonic && now.wall < until.wall);

// Nodes in the order of their addition. Finds the first one and removes any in constant time, unlike Map and Set, which
// search it behind the places of those that were deleted.
class Ring {
  next = this;
  previous = this;
  add(node) {
    [node.previous, node.next] = [this.previous, this];
    node.previous.next = this.previous = node;
  }
}
const unlink = ({ previous, next }) => ([previous.next, next.previous] = [next, previous]);

class NearCache {
  #entries = new Map();
  #order = new Ring(); // of the entries, the least recently used first
  #reads = new Map(); // by key, the ring of reads in progress, the oldest first
  #counts = { hits: 0, misses: 0, entries: 0, bytes: 0 };
  #settings;
  #clocks;

  constructor(settings, clocks) {
    this.#settings = settings;
    this.#clocks = clocks;
  }

  /** Whether a read with these options may be answered from the cache. The addon checks and reports unusual options. */
  serves(options) {
    try {
      const { consistentRead = null, signal = null } = options ?? {};
      if ((consistentRead ?? this.#settings.consistentRead) !== false) return false;
      return signal === null || (signal.aborted === false && "addEventListener" in signal);
    } catch {
      return false;
    }
  }

  find(key, method) {
    const entry = this.#entries.get(key);
    if (!entry || !(entry.methods & method) || isOver(entry.until, this.#clocks())) {
      this.#counts.misses += 1;
      return;
    }
    unlink(entry);
    this.#order.add(entry);
    this.#counts.hits += 1;
    return entry;
  }

  /** Registers a read. It may share the request of the oldest one in progress, and its result is then as old. */
  begin(key) {
    const reads = this.#reads.get(key) ?? Object.assign(new Ring(), { drops: 0 });
    this.#reads.set(key, reads);
    const start = this.#clocks();
    const read = { start, since: reads.next.start ?? start, drops: reads.drops };
    reads.add(read);
    return read;
  }

  end(key, read, succeeded) {
    const reads = this.#reads.get(key);
    // If a caller leaves, others may still wait for its request.
    if (!succeeded && read === reads.next && read.next !== reads) read.next.start = read.start;
    unlink(read);
    if (reads.next === reads) this.#reads.delete(key);
  }

  /** Keeps the result of a read in progress, unless the key was dropped since the read began. */
  fill(key, { since, drops }, method, found) {
    if (this.#reads.get(key)?.drops !== drops) return;
    this.#remove(key);
    const value = found ? found.value : null;
    const [isText, isBytes] = [typeof value === "string", ArrayBuffer.isView(value)];
    if (found && !isText && !isBytes) return;
    const size = (isText ? value.length * 2 : 0) + (isBytes ? value.byteLength : 0);
    const bytes = ENTRY_BYTES + key.length * 2 + size;
    const { ttl, negativeTtl, maxBytes } = this.#settings;
    if (bytes > maxBytes * MAX_SHARE) return;
    const now = this.#clocks();
    const left = (Math.floor(found?.lastSecond ?? Infinity) + 1) * 1000 - now.wall;
    const end = (clock) => Math.min(since[clock] + (found ? ttl : negativeTtl), now[clock] + left);
    const until = { monotonic: end("monotonic"), wall: end("wall") };
    if (isOver(until, now)) return;
    const isDecoded = method === PLAIN ? isText && value.startsWith(BASE64) : isBytes;
    const methods = isDecoded ? method : BOTH;
    const entry = { key, value: copyOf(value), methods, bytes, until };
    this.#entries.set(key, entry);
    this.#order.add(entry);
    this.#counts.bytes += bytes;
    while (this.#counts.bytes > maxBytes) this.#remove(this.#order.next.key);
  }

  /** Forgets these keys, or all, and prevents the reads in progress from filling the cache. */
  drop(keys = [...this.#entries.keys(), ...this.#reads.keys()]) {
    for (const key of keys) {
      this.#remove(key);
      const reads = this.#reads.get(key);
      if (reads) reads.drops += 1; // later reads may still share their requests
    }
  }

  #remove(key) {
    const entry = this.#entries.get(key);
    if (!entry) return;
    unlink(entry);
    this.#entries.delete(key);
    this.#counts.bytes -= entry.bytes;
  }

  stats() {
    return { ...this.#counts, entries: this.#entries.size };
  }
}

// Bytes are copied, because callers may change them. Not into Node's pool, of which a slice keeps 8 KB alive.
function copyOf(value) {
  if (!ArrayBuffer.isView(value)) return value;
  const copy = Buffer.allocUnsafeSlow(value.byteLength);
  copy.set(value);
  return copy;
}

// The items of a batch, or undefined if the addon must report what they are.
function wantedOf(items) {
  try {
    const keyOf = (item) => (typeof item === "string" ? item : item?.key);
    if (!Array.isArray(items)) return;
    return Array.from(items, (item) => ({ item, key: keyOf(item), options: item?.options }));
  } catch {}
}

/**
 * Adds the cache to the methods of a driver. `settings` returns the validated option, or `null` if there is no cache,
 * and throws if the driver cannot be opened. The functions are async, so that the stacks of errors contain the caller's
 * frames, and call the driver's method at once.
 */
module.exports = function withNearCache(driver, settings, clocks = systemClocks) {
  let near;

  function opened() {
    if (near !== undefined) return near;
    try {
      const validated = settings();
      return (near = validated && new NearCache(validated, clocks));
    } catch {} // The call that follows reports it.
  }

  // With a cache, the addon returns `{ value, lastSecond? }` in place of a value.
  const valueOf = (found) => (opened() && found ? found.value : found);

  function read(name, method, answer) {
    const isFilling = method === PLAIN || method === RAW;
    return async function (key, options) {
      const cache = opened();
      const isServed = method !== undefined && cache?.serves(options);
      const entry = isServed ? cache.find(key, method) : undefined;
      if (entry) return answer(entry.value);
      const begun = cache?.begin(key);
      let succeeded = false;
      try {
        const found = await driver[name](key, options);
        succeeded = true;
        if (isServed && isFilling) cache.fill(key, begun, method, found);
        return isFilling ? valueOf(found) : found;
      } finally {
        cache?.end(key, begun, succeeded);
      }
    };
  }

  async function getItems(items, common) {
    const cache = opened();
    const wanted = cache && wantedOf(items);
    if (!wanted || ![{ options: common }, ...wanted].every((one) => cache.serves(one.options))) {
      const found = await driver.getItems(items, common);
      return found.map(({ key, value }) => ({ key, value: valueOf(value) }));
    }
    const answers = wanted.map(({ key }) => {
      const entry = cache.find(key, PLAIN);
      return entry && { key, value: copyOf(entry.value) };
    });
    const left = wanted.filter((_, index) => !answers[index]);
    if (items.length > 0 && left.length === 0) return answers;
    const begun = left.map(({ key }) => cache.begin(key));
    const sent = left.map(({ item }) => item);
    try {
      const found = await driver.getItems(sent, common);
      found.forEach(({ key, value }, index) => cache.fill(key, begun[index], PLAIN, value));
      const rest = found.values();
      const next = ({ key, value }) => ({ key, value: valueOf(value) });
      return answers.map((answer) => answer ?? next(rest.next().value));
    } finally {
      // Batches share no requests.
      left.forEach(({ key }, index) => cache.end(key, begun[index], true));
    }
  }

  function write(name, keysOf) {
    return async function (...given) {
      const keys = keysOf(given[0]);
      opened()?.drop(keys);
      try {
        return await driver[name](...given);
      } finally {
        opened()?.drop(keys);
      }
    };
  }

  const one = (key) => [key];
  return {
    ...driver,
    getItem: read("getItem", PLAIN, copyOf),
    getItemRaw: read("getItemRaw", RAW, copyOf),
    hasItem: read("hasItem", BOTH, (value) => value !== null),
    getMeta: read("getMeta"), // others may share its request
    getItems,
    setItem: write("setItem", one),
    setItemRaw: write("setItemRaw", one),
    setItems: write("setItems", (items) => wantedOf(items)?.map(({ key }) => key)),
    removeItem: write("removeItem", one),
    clear: write("clear", () => undefined),
    getInstance() {
      const store = driver.getInstance();
      const cache = opened();
      if (cache && !Object.hasOwn(store, "stats")) {
        const stats = store.stats.bind(store);
        const value = () => ({ ...stats(), nearCache: cache.stats() });
        Object.defineProperty(store, "stats", { value });
      }
      return store;
    },
    dispose() {
      near?.drop();
      return driver.dispose();
    },
  };
};
