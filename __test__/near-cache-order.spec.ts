// The near cache alone: how long it keeps what, whatever the order in which reads and writes settle.
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Call, scripted } from "./helpers/near-cache";
import { seededRandom, testSeed } from "./helpers/random";
import { below, pick, type Random } from "./helpers/values";

const old = { value: "old" };
const fresh = { value: "new" };

it.each([undefined, "monotonic", "wall"] as const)(
  "[NEAR-3] an entry is used for `ttl` after its read began: %s clock alone",
  async (only) => {
    const { cached, pass, read, settle } = scripted();
    const reading = cached.getItem("k");
    pass(4000, only);
    await settle(old);
    expect(await reading).toBe("old");
    pass(5999, only);
    expect(await read("k", fresh)).toEqual(["old", true]);
    pass(1, only);
    expect(await read("k", fresh)).toEqual(["new", false]);
  },
);

it("[NEAR-3] a clock that is set back does not prolong an entry", async () => {
  const { pass, read } = scripted();
  await read("k", { value: "old", lastSecond: 1_700_000_004 });
  pass(-3_600_000, "wall");
  pass(4999, "monotonic");
  expect(await read("k", fresh)).toEqual(["old", true]);
  pass(1, "monotonic");
  expect(await read("k", fresh)).toEqual(["new", false]);
});

it("[NEAR-3] an entry ends with the item's last second, by either clock", async () => {
  for (const only of [undefined, "monotonic", "wall"] as const) {
    for (const lastSecond of [1_700_000_004, 1_700_000_004.9]) {
      const { pass, read } = scripted();
      await read("k", { value: "old", lastSecond });
      pass(4999, only);
      expect(await read("k", fresh)).toEqual(["old", true]);
      pass(1, only);
      expect(await read("k", fresh)).toEqual(["new", false]);
    }
  }
  const { read } = scripted();
  await read("k", { value: "old", lastSecond: 1_699_999_999 });
  expect(await read("k", fresh)).toEqual(["new", false]);
});

it("[NEAR-3] a read that joined another counts from the beginning of that one", async () => {
  for (const first of ["getItem", "hasItem", "getMeta", "getItemRaw"]) {
    const { cached, pass, read, settle } = scripted();
    const reads = [cached[first]("k")];
    pass(9000);
    reads.push(cached.getItem("k"));
    await settle(first === "getItem" || first === "getItemRaw" ? old : {});
    await settle(old);
    await Promise.all(reads);
    pass(999);
    expect(await read("k", fresh)).toEqual(["old", true]);
    pass(1);
    expect(await read("k", fresh)).toEqual(["new", false]);
  }
});

it("[NEAR-3] a read that joined one whose caller left counts from the beginning of that one", async () => {
  const { cached, calls, pass, read, settle } = scripted();
  const left = cached.getItem("k");
  pass(5000);
  const joined = cached.getItem("k");
  calls.shift()!.reject(new Error("aborted"));
  await expect(left).rejects.toThrow("aborted");
  pass(4000);
  const last = cached.getItem("k");
  await settle(old);
  await settle(old);
  await Promise.all([joined, last]);
  pass(999);
  expect(await read("k", fresh)).toEqual(["old", true]);
  pass(1);
  expect(await read("k", fresh)).toEqual(["new", false]);
});

it("[NEAR-3] a request that is complete makes no later read older", async () => {
  const { cached, pass, read, settle } = scripted();
  const first = cached.getItem("k");
  pass(6000);
  const second = cached.getItem("k");
  await settle(old);
  pass(4000);
  const third = cached.getItem("k");
  await settle(old);
  await settle(old);
  await Promise.all([first, second, third]);
  pass(5999);
  expect(await read("k", fresh)).toEqual(["old", true]);
  pass(1);
  expect(await read("k", fresh)).toEqual(["new", false]);
});

it.each(["clear", "setItem"])(
  "[NEAR-3] a read that joined one from before a write counts from the beginning of that one: %s",
  async (write) => {
    // A clear of other keys and a write that is refused leave a request open to later reads.
    const { cached, calls, pass, read, settle } = scripted();
    const first = cached.getItem("k");
    pass(9000);
    const writing = cached[write]("k");
    calls.pop()!.reject(new Error("refused"));
    await expect(writing).rejects.toThrow("refused");
    const joined = cached.getItem("k");
    await settle(old);
    await settle(old);
    await Promise.all([first, joined]);
    pass(999);
    expect(await read("k", fresh)).toEqual(["old", true]);
    pass(1);
    expect(await read("k", fresh)).toEqual(["new", false]);
  },
);

it("[NEAR-3] an entry is not used if a clock says nothing", async () => {
  for (const clock of ["monotonic", "wall"] as const) {
    for (const when of ["filled", "read"]) {
      const { now, read } = scripted();
      const time = now[clock];
      if (when === "filled") now[clock] = NaN;
      await read("k", old);
      now[clock] = when === "read" ? NaN : time;
      expect(await read("k", fresh)).toEqual(["new", false]);
    }
  }
});

it("[NEAR-3] a missing value is kept for `negativeTtl`, by default not at all", async () => {
  const { pass, read } = scripted();
  await read("k", null);
  pass(1999);
  expect(await read("k", fresh, "getItemRaw")).toEqual([null, true]);
  pass(1);
  expect(await read("k", fresh)).toEqual(["new", false]);
  const without = scripted({ negativeTtl: 0 });
  await without.read("k", null);
  expect(await without.read("k", fresh)).toEqual(["new", false]);
});

it.each(["setItem", "setItemRaw", "removeItem", "setItems", "clear"])(
  "[NEAR-5] a read that began before a write ended does not fill the cache after it: %s",
  async (name) => {
    const write = (cached: any) => cached[name](name === "setItems" ? [{ key: "k" }] : "k");
    for (const fails of [false, true]) {
      const { cached, calls, read, settle } = scripted();
      await read("k", old);
      const before = cached.getItem("other");
      const reads = [before, cached.getMeta("k")];
      const writing = write(cached);
      // The entry is dropped at once: this read is no hit.
      reads.push(cached.getItem("k"), cached.getItems(["k"]));
      expect(calls).toHaveLength(5);
      const [, , written, during, duringAll] = calls as [Call, Call, Call, Call, Call];
      // It may fill the cache while the write is in progress, but not beyond it.
      during.resolve(old);
      await setImmediate();
      expect(cached.getInstance().stats().nearCache.entries).toBe(1);
      if (fails) written.reject(new Error("unknown"));
      else written.resolve();
      await writing.catch(() => {});
      duringAll.resolve([{ key: "k", value: old }]);
      await setImmediate();
      calls.splice(2);
      await settle(null);
      await settle({});
      await Promise.all(reads);
      expect(await read("k", fresh)).toEqual(["new", false]);
      expect(await read("k", old)).toEqual(["new", true]);
    }
  },
);

it("[NEAR-5] a read that a write has overtaken does not keep later ones from filling the cache", async () => {
  const { cached, calls, read } = scripted();
  const before = cached.getItem("k");
  const writing = cached.setItem("k");
  calls[1]!.resolve();
  await writing;
  const after = cached.getItem("k");
  for (const [call, found] of [
    [calls[0]!, old],
    [calls[2]!, fresh],
  ] as const) {
    call.resolve(found);
    await setImmediate();
  }
  expect(await Promise.all([before, after])).toEqual(["old", "new"]);
  calls.splice(0);
  expect(await read("k", old)).toEqual(["new", true]);
});

it("[NEAR-5] a read in progress does not fill the cache after dispose", async () => {
  const { cached, calls } = scripted();
  const reading = cached.getItem("k");
  void cached.dispose();
  calls[0]!.resolve(old);
  expect(await reading).toBe("old");
  expect(cached.getInstance().stats().nearCache.entries).toBe(0);
});

it("[NEAR-4] an item whose key is another one each time it is read fills nothing", async () => {
  const { cached, read, settle } = scripted();
  const reading = cached.getItems([{ key: "k" }]);
  await settle([{ key: "other", value: old }]);
  expect(await reading).toEqual([{ key: "other", value: "old" }]);
  for (const key of ["k", "other"]) expect(await read(key, fresh)).toEqual(["new", false]);
});

it("[NEAR-7] the size of the entries is known at all times", async () => {
  const { cached, read } = scripted({ maxBytes: 8192 });
  const size = () => cached.getInstance().stats().nearCache;
  await read("k", { value: "four" });
  const { bytes } = size();
  await read("k2", { value: Buffer.alloc(10) });
  expect(size()).toMatchObject({ entries: 2, bytes: 2 * bytes + 4 });
  for (let number = 0; number < 100; number += 1) {
    await read(`n${number}`, { value: "v".repeat(number % 50) });
    expect(size().bytes).toBeLessThanOrEqual(8192);
  }
  expect(size().entries).toBeGreaterThan(12);
});

/** One driver and one table, whose reads and writes take effect and settle in any order that is possible. */
class Interleaving {
  readonly script = scripted({ maxBytes: 8192, ttl: 1e12, negativeTtl: 1e12 });
  /** All values of each key. The last one is in the table. */
  readonly history = new Map<string, (string | null)[]>();
  /** The newest value of each key whose write has ended. */
  readonly ended = new Map<string, number>();
  readonly running = new Set<Call & { stage: () => void }>();
  readonly waiting: Promise<unknown>[] = [];
  /** The writes of a driver to one key take effect in the order of the calls. */
  readonly queue: (Call & { stage: () => void })[] = [];
  reads = 0;

  constructor(readonly random: Random) {}

  #values(key: string): (string | null)[] {
    if (!this.history.has(key)) this.history.set(key, [null]);
    return this.history.get(key)!;
  }

  read(keys: string[]): void {
    const { cached } = this.script;
    const least = keys.map((key) => this.ended.get(key) ?? 0);
    const check = (found: unknown[]) => {
      for (const [index, key] of keys.entries()) {
        const allowed = this.#values(key).slice(least[index]);
        this.reads += 1;
        expect(allowed, `a value of ${key}`).toContain(found[index]);
      }
    };
    const name = pick(this.random, ["getItem", "getItemRaw"]);
    const reading =
      keys.length === 1
        ? cached[name](keys[0]!).then((value: unknown) => [value])
        : cached.getItems(keys).then((items: any[]) => items.map(({ value }) => value));
    this.waiting.push(reading.then(check));
    this.#add((call) => {
      const found = (key: string) => {
        const value = this.#values(key).at(-1);
        return value == null ? null : { value };
      };
      const isBatch = Array.isArray(call.key);
      const result = isBatch
        ? call.key.map((key: string) => ({ key, value: found(key) }))
        : found(call.key);
      return () => call.resolve(result);
    });
  }

  write(keys: string[]): void {
    const { cached } = this.script;
    const kind = below(this.random, 4);
    const isRemoval = kind === 1;
    const writing =
      keys.length > 1
        ? cached.setItems(keys.map((key) => ({ key })))
        : isRemoval
          ? cached.removeItem(keys[0]!)
          : cached.setItem(keys[0]!);
    const applied = new Map<string, number>();
    const fails = this.random() < 0.2;
    const call = this.#add((one) => {
      if (!fails || this.random() < 0.5) {
        for (const key of keys) {
          const values = this.#values(key);
          values.push(isRemoval && keys.length === 1 ? null : `${key} ${values.length}`);
          applied.set(key, values.length - 1);
        }
      }
      return () => (fails ? one.reject(new Error("lost")) : one.resolve());
    });
    if (call) this.queue.push(call);
    const end = () => applied.forEach((number, key) => this.#end(key, number));
    this.waiting.push(writing.then(end, end));
  }

  clear(): void {
    const keys = [...this.history.keys()];
    const writing = this.script.cached.clear();
    const applied = new Map<string, number>();
    const call = this.#add((one) => {
      for (const key of keys) applied.set(key, this.#values(key).push(null) - 1);
      return () => one.resolve();
    });
    if (call) this.queue.push(call);
    const end = () => applied.forEach((number, key) => this.#end(key, number));
    this.waiting.push(writing.then(end));
  }

  #end(key: string, number: number): void {
    this.ended.set(key, Math.max(number, this.ended.get(key) ?? 0));
  }

  /** Adds the call that the cache has just made, if it has. It takes effect once, and settles later. */
  #add(effect: (call: Call) => () => void) {
    const call = this.script.calls.shift();
    if (!call) return;
    let settle: (() => void) | undefined;
    const running = {
      ...call,
      stage: () => {
        if (!settle) {
          settle = effect(call);
          const index = this.queue.indexOf(running);
          if (index >= 0) this.queue.splice(index, 1);
          return;
        }
        settle();
        this.running.delete(running);
      },
    };
    this.running.add(running);
    return running;
  }

  /** Lets one call take effect or settle. */
  step(): void {
    const isNext = (call: Call & { stage: () => void }) => {
      const place = this.queue.indexOf(call);
      return place <= 0;
    };
    const possible = [...this.running].filter(isNext);
    if (possible.length > 0) pick(this.random, possible).stage();
  }
}

it("[NEAR-5] no read returns a value older than a write that ended before the read began", async () => {
  const seed = testSeed();
  let [hits, reads] = [0, 0];
  for (let run = 0; run < 200; run += 1) {
    const random = seededRandom(seed + run);
    const one = new Interleaving(random);
    const keys = ["a", "b", "c"].slice(0, 1 + below(random, 3));
    const some = () => [...new Set([pick(random, keys), pick(random, keys)])];
    try {
      for (let turn = 0; turn < 150; turn += 1) {
        const kind = random();
        if (kind < 0.3) one.read([pick(random, keys)]);
        else if (kind < 0.4) one.read(some());
        else if (kind < 0.5) one.write([pick(random, keys)]);
        else if (kind < 0.53) one.write(some());
        else if (kind < 0.55) one.clear();
        else one.step();
        // Several calls may settle before any of their callers continues.
        if (random() < 0.6) await setImmediate();
      }
      while (one.running.size > 0) one.step();
      await Promise.all(one.waiting);
    } catch (error: any) {
      throw new Error(`TEST_SEED=${seed}, run ${run}: ${error.message}`, { cause: error });
    }
    hits += one.script.cached.getInstance().stats().nearCache.hits;
    reads += one.reads;
  }
  expect(hits).toBeGreaterThan(reads / 20);
  expect(hits).toBeLessThan(reads);
});
