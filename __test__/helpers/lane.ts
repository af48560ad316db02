// A seeded sequence of operations for a driver and the model. Lanes run in parallel, each under its own base.
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual, inspect } from "node:util";
import type { Row, TestTable } from "./table";
import { type Condition, Model, sizeOf } from "./model";
import { below, largeSample, pick, type Random, rawSample, type Sample, sample } from "./values";

export interface LaneOptions {
  base: string;
  batch: boolean;
  mtime: boolean;
  expireIn: number;
  index?: string;
  /** Written with `compression`, and read by a driver without the option. */
  compression?: "gzip";
  /** One driver reads and writes, and sees its own writes at once. */
  nearCache?: object;
  /** With etags, which conditions can then name. */
  etag?: string;
  /** Some texts do not fit one item. They are read by a driver without the option. */
  largeValues?: object;
}

const keys = [
  ..."a b c a:b a:b:c a:b:d ab ab:c b:a #k :now 日本:ü x$".split(" "),
  " ",
  ...Array.from({ length: 12 }, (_, index) => `many:${index}`),
  ...Array.from({ length: 8 }, (_, index) => `deep:er:and:deeper:${index}`),
];
const bases = ["", "a", "a:", "a:b", "ab", "many", "deep:er", "日本", "none", "*"];
const ttls = [undefined, undefined, null, 0, 1, "1", 0.5, 1000, "2000"];
const past = 1_000_000_000;
/** The result of a write whose condition was not met. */
const unmet = Symbol("unmet");

export class Lane {
  readonly #model = new Model();
  readonly #driver: any;
  readonly #reader: any;
  /** All etags so far. */
  readonly #etags = new Set<string>();
  #number = 0;

  constructor(
    readonly table: TestTable,
    readonly options: LaneOptions,
    readonly random: Random,
    readonly counts: Map<string, number>,
  ) {
    const { etag, mtime, compression, largeValues, ...others } = options;
    const attributes = { etag, mtime: mtime ? "written" : undefined };
    const reading = { ...others, attributes };
    this.#reader = table.driver(reading);
    this.#driver = table.driver({ ...reading, compression, ...(largeValues && { largeValues }) });
    if (options.nearCache) this.#reader = this.#driver;
  }

  async run(operations: number): Promise<void> {
    const steps = this.#steps();
    const weighted = Object.keys(steps).flatMap((name) =>
      Array(name === "clear" ? 1 : 6).fill(name),
    );
    while (this.#number < operations) {
      const method = pick(this.random, weighted);
      this.#count(`method ${method}`);
      this.#number += 1;
      await steps[method]!();
      if (this.random() < 0.05) await this.#foreignRow();
      // All operations take a second or two. Without a pause, items would be overwritten before they expire.
      if (this.options.expireIn === 1 && this.#number % 400 === 0) await sleep(2200);
    }
  }

  /** All keys that must be in the table, as they are stored. */
  storedKeys(): string[] {
    return this.#model.allKeys().map((key) => this.#stored(key));
  }

  #steps(): Record<string, () => Promise<void>> {
    const { random } = this;
    const sampleOf = (one: Random): Sample =>
      this.options.largeValues && one() < 0.06 ? largeSample(one) : sample(one);
    const [driver, reader] = [this.#driver, this.#reader];
    const model = this.#model;
    const one = (method: string, expected: (key: string, at: number) => unknown) => () => {
      const key = this.#readKey();
      return this.#compare(`${method} ${key}`, reader[method](key), (at) => expected(key, at));
    };
    const set = (method: string, make: (random: Random) => Sample) => () => {
      const [key, item, ttl] = [pick(random, keys), make(random), pick(random, ttls)];
      const condition = this.#condition(key);
      const write = () => driver[method](key, item.value, { ttl, ...condition });
      return this.#write(write, [[key, item, ttl]], condition);
    };
    return {
      getItem: one("getItem", (key, at) => model.get(key, at)),
      getItemRaw: one("getItemRaw", (key, at) => model.getRaw(key, at)),
      hasItem: one("hasItem", (key, at) => model.has(key, at)),
      getItems: () => {
        const asked = Array.from({ length: below(random, 12) }, () => this.#readKey());
        const items = asked.map((key) => (random() < 0.5 ? key : { key }));
        const expected = (at: number) => asked.map((key) => ({ key, value: model.get(key, at) }));
        return this.#compare(`getItems ${asked}`, reader.getItems(items), expected);
      },
      getMeta: () => this.#getMeta(this.#readKey()),
      getKeys: () => {
        const base = pick(random, bases);
        const maxDepth = pick(random, [undefined, 0, 1, 2, 5]);
        const found = reader.getKeys(base, { maxDepth }).then((list: string[]) => list.sort());
        const depth = maxDepth ?? Infinity;
        return this.#compare(`getKeys ${base}`, found, (at) => model.keys(base, depth, at));
      },
      setItem: set("setItem", sampleOf),
      setItemRaw: set("setItemRaw", rawSample),
      setItems: () => {
        const common = pick(random, ttls);
        const items = Array.from({ length: below(random, 10) }, (): [string, Sample, any] => [
          pick(random, keys),
          sampleOf(random),
          pick(random, ttls),
        ]);
        const given = items.map(([key, { value }, ttl]) => ({ key, value, options: { ttl } }));
        return this.#write(
          () => driver.setItems(given, { ttl: common }),
          items.map(([key, item, ttl]) => [key, item, ttl ?? common]),
        );
      },
      removeItem: async () => {
        const key = pick(random, keys);
        const { ifMatch } = this.#condition(key);
        const result = await this.#outcome(key, { ifMatch }, driver.removeItem(key, { ifMatch }));
        if (result !== unmet) model.remove(key);
      },
      clear: async () => {
        const base = pick(random, bases);
        await driver.clear(base);
        model.clear(base);
      },
    };
  }

  /** A condition, usually none. */
  #condition(key: string): Condition {
    if (this.random() < 0.7) return {};
    const etag = this.#model.facts(key)?.etag;
    const older = pick(this.random, ["none", ...[...this.#etags].slice(-5)]);
    const known = this.options.etag ? [etag ?? "*", etag ?? "*", older] : [];
    const one = () => pick(this.random, [undefined, "*", ...known]);
    return { ifMatch: one(), ifNoneMatch: one() };
  }

  /** Returns the result of a write, or `unmet`, and checks which one it must be. */
  async #outcome(key: string, condition: Condition, call: Promise<any>): Promise<any> {
    const from = Math.floor(Date.now() / 1000);
    const result = await call.catch((error) => {
      if (error.code !== "ERR_CAS_MISMATCH") throw error;
      return unmet;
    });
    const seconds = [from, Math.floor(Date.now() / 1000)];
    const isMet = result !== unmet;
    const isRight = seconds.some((at) => this.#model.meets(key, condition, at) === isMet);
    this.#expect(isRight, `${inspect(condition)} of ${key}`, isMet);
    if (condition.ifMatch || condition.ifNoneMatch) {
      this.#count(isMet ? "condition met" : "condition not met");
    }
    return result;
  }

  /** An etag that the driver stored is a new one. */
  #newEtag(etag: string | undefined): string | undefined {
    this.#expect(etag !== undefined && !this.#etags.has(etag), "etag", etag);
    this.#etags.add(etag!);
    return etag;
  }

  async #write(
    write: () => Promise<any>,
    items: [string, Sample, any][],
    condition?: Condition,
  ): Promise<void> {
    const from = Date.now();
    const [[first] = [""]] = items;
    const result = await (condition ? this.#outcome(first, condition, write()) : write());
    const to = Date.now();
    if (result === unmet) return;
    const { mtime, expireIn } = this.options;
    // The result of `setItems` contains no etag: `getMeta` does.
    const hasEtag = Boolean(condition && this.options.etag);
    this.#expect(hasEtag || result === undefined, "result", result);
    const etag = hasEtag ? this.#newEtag(result?.etag) : undefined;
    const last = new Map(items.map((item) => [item[0], item]));
    for (const [key, { type, read }, ttl] of last.values()) {
      this.#count(`value ${type}`);
      const seconds = Number(ttl ?? expireIn);
      let expires = seconds === 0 ? undefined : Math.ceil(from / 1000 + seconds);
      // The second changed during the call. The table shows which one the driver used.
      if (expires !== undefined && expires !== Math.ceil(to / 1000 + seconds)) {
        const stored = Number((await this.table.getRow(this.#stored(key)))?.ttl?.N);
        this.#expect(stored >= expires && stored <= Math.ceil(to / 1000 + seconds), "ttl", stored);
        expires = stored;
      }
      this.#model.write(key, read, { expires, written: mtime ? [from, to] : undefined, etag });
    }
  }

  /** A row of another writer: expired, without a value, or with an invalid expiry. */
  async #foreignRow(): Promise<void> {
    const key = pick(this.random, keys);
    const kind = pick(this.random, ["past", "past", "future", "text", "bare"]);
    const expires = { past, future: 4_000_000_000 }[kind];
    const ttl = kind === "text" ? { S: "1" } : { N: String(expires) };
    // Makes the cache forget the key, as its time would.
    if (this.options.nearCache) await this.#driver.removeItem(key);
    await this.table.putRow(this.#stored(key), {
      ...(kind === "bare" ? {} : { value: { S: kind } }),
      ...(expires || kind === "text" ? { ttl } : {}),
    } as Row);
    this.#count(`row ${kind}`);
    this.#model.write(key, kind === "bare" ? undefined : kind, { expires, etag: null });
  }

  async #getMeta(key: string): Promise<void> {
    const from = Date.now() / 1000;
    const meta = await this.#reader.getMeta(key);
    const to = Date.now() / 1000;
    const seconds = [Math.floor(from), Math.floor(to)];
    if (meta === null) {
      const isGone = seconds.some((at) => !this.#model.has(key, at));
      return this.#expect(isGone, `getMeta ${key}`, meta);
    }
    const { expires, written, etag } = this.#model.facts(key) ?? {};
    if (this.options.etag && etag === undefined) this.#model.learn(key, this.#newEtag(meta.etag)!);
    else this.#expect((meta.etag ?? null) === (etag ?? null), `etag of ${key}`, meta);
    const size = sizeOf(this.#model.get(key, seconds[0]!));
    // The driver's clock is finer than `Date.now()`, which truncates to milliseconds.
    const left =
      expires === undefined
        ? [undefined]
        : [from, to + 0.001].map((at) => Math.max(1, Math.ceil(expires - at)));
    const isRight =
      this.#model.has(key, seconds[0]!) &&
      (size === undefined ? meta.size > 0 : meta.size === size) &&
      ((left as unknown[]).includes(meta.ttl) || (meta.ttl < left[0]! && meta.ttl > left[1]!)) &&
      (written ? meta.mtime >= written[0] && meta.mtime <= written[1] : meta.mtime === undefined);
    this.#expect(isRight, `getMeta ${key}`, { meta, size, left, written });
  }

  /** Compares a result with the model in each second of the call, because items may expire during it. */
  async #compare(
    what: string,
    call: Promise<any>,
    expected: (second: number) => any,
  ): Promise<void> {
    const from = Math.floor(Date.now() / 1000);
    const found = await call;
    const to = Math.floor(Date.now() / 1000);
    const candidates = Array.from({ length: to - from + 1 }, (_, index) => expected(from + index));
    if (candidates.some((candidate) => isDeepStrictEqual(found, candidate))) return;
    // The items of one response may have been read in different seconds.
    const isMixed = (one: unknown, index: number): boolean =>
      candidates.some((candidate) => isDeepStrictEqual(one, candidate[index]));
    const [expectation] = candidates;
    if (what.startsWith("getKeys")) {
      // Likewise the pages of a listing: only keys that expire during the call may be listed or not.
      const listed = new Set<string>(found);
      const isListed = (key: string) => candidates.some((candidate) => candidate.includes(key));
      const isComplete = candidates[0].every(
        (key: string) => listed.has(key) || !candidates.every((one) => one.includes(key)),
      );
      return this.#expect(
        listed.size === found.length && isComplete && found.every(isListed),
        what,
        {
          found,
          expectation,
        },
      );
    }
    const isEach = what.startsWith("getItems") && found.length === expectation.length;
    this.#expect(isEach && found.every(isMixed), what, { found, expectation });
  }

  #expect(isRight: boolean, what: string, found: unknown): void {
    if (isRight) return;
    const lane = JSON.stringify(this.options);
    throw new Error(`${lane}, operation ${this.#number}, ${what}: ${inspect(found, { depth: 9 })}`);
  }

  #readKey(): string {
    const key = this.random() < 0.1 ? "never written" : pick(this.random, keys);
    const expires = this.#model.facts(key)?.expires;
    if (expires !== undefined && expires < Math.floor(Date.now() / 1000)) {
      this.#count(expires === past ? "expiry long past" : "expiry ran out");
    }
    return key;
  }

  #stored(key: string): string {
    return this.options.base === "" ? key : `${this.options.base}:${key}`;
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
