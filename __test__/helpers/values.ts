// Random values of every type that a table can contain, each with its expected result.
import { nastyKey } from "./random";

export type Random = () => number;

export interface Sample {
  type: string;
  value: any;
  /** The expected result of `getItem`. */
  read: any;
}

export const below = (random: Random, count: number): number => Math.floor(random() * count);

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)]!;
}

function many<T>(random: Random, make: () => T): T[] {
  return Array.from({ length: below(random, 4) }, make);
}

function bytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: below(random, 40) }, () => below(random, 256));
}

const numbers = [0, 1, -1, 0.1, -2.5, 1e-7, 1.5e-100, 123_456_789, 2 ** 53 - 1, -(2 ** 53 - 1)];
const bigs = [
  2n ** 53n,
  -(2n ** 64n),
  10n ** 30n,
  12_345_678_901_234_567_890_123_456_789_012_345_678n,
];
const names = ["a", "b c", "__proto__", "constructor", "日本", "a.b", "0", "then"];

type Maker = (random: Random, depth: number) => { value: any; read: any };

const simple: Record<string, Maker> = {
  string: (random) => same(nastyKey(random, 200)),
  "empty string": () => same(""),
  number: (random) => same(pick(random, numbers)),
  bigint: (random) => same(pick(random, bigs)),
  // Returned as a number if that is exact.
  "small bigint": (random) => {
    const value = below(random, 1000);
    return { value: BigInt(value), read: value };
  },
  boolean: (random) => same(random() < 0.5),
  null: () => same(null),
  bytes: (random) => {
    const value = bytes(random);
    return { value, read: Buffer.from(value) };
  },
};

const nested: Record<string, Maker> = {
  "set of strings": (random) => same(new Set(["x", ...many(random, () => nastyKey(random, 20))])),
  "set of numbers": (random) => same(new Set([7, ...many(random, () => pick(random, numbers))])),
  "set of bytes": (random) => {
    const first = below(random, 250);
    const parts = Array.from({ length: 3 }, (_, index) => Uint8Array.of(first + index, 1));
    return { value: new Set(parts), read: new Set(parts.map((part) => Buffer.from(part))) };
  },
  list: (random, depth) => {
    const items = many(random, () => sample(random, depth + 1));
    return { value: items.map(({ value }) => value), read: items.map(({ read }) => read) };
  },
  map: (random, depth) => {
    const { value, read } = entries(random, depth);
    return { value: Object.fromEntries(value), read };
  },
  Map: entries,
};

/** Values that `compression` can make smaller. */
const long: Record<string, (random: Random) => { value: any; read: any }> = {
  "long text": (random) => same(nastyKey(random, 200).repeat(30 + below(random, 100))),
  "long bytes": (random) => {
    const value = Buffer.concat(Array(100).fill(Uint8Array.of(...bytes(random), 0)));
    return { value, read: value };
  },
};

function same(value: unknown): { value: any; read: any } {
  return { value, read: value };
}

function entries(random: Random, depth: number): { value: Map<string, any>; read: object } {
  const all = many(random, () => [pick(random, names), sample(random, depth + 1)] as const);
  const part = (which: "value" | "read") => new Map(all.map(([name, one]) => [name, one[which]]));
  return { value: part("value"), read: Object.fromEntries(part("read")) };
}

const nestedTypes = [...Object.keys(simple), ...Object.keys(nested)];
export const valueTypes = [...nestedTypes, ...Object.keys(long)];

/** Returns a value of any type, nested at most a few levels. */
export function sample(random: Random, depth = 0): Sample {
  const type = pick(
    random,
    depth === 0 ? valueTypes : depth < 4 ? nestedTypes : Object.keys(simple),
  );
  const make = simple[type] ?? nested[type] ?? long[type]!;
  return { type, ...make(random, depth) };
}

/** Text that does not fit one item. */
export function largeSample(random: Random): Sample {
  const text = nastyKey(random, 100);
  const times = (410_000 + below(random, 400_000)) / Buffer.byteLength(text);
  return { type: "large text", ...same(text.repeat(Math.ceil(times))) };
}

const raw: Record<string, Maker> = {
  "raw text": (random) => same(nastyKey(random, 100)),
  "raw base64 text": (random) => same(`base64:${Buffer.from(bytes(random)).toString("base64")}`),
  "raw JSON": (random) => {
    const value = { list: [below(random, 100), null], text: nastyKey(random, 30) };
    return { value, read: JSON.stringify(value) };
  },
  "raw window": (random) => {
    const value = Uint16Array.from({ length: 8 }, () => below(random, 65_536)).subarray(2, 6);
    return { value, read: Buffer.from(value.buffer.slice(4, 12)) };
  },
  "raw bytes": (random) => {
    const value = bytes(random);
    return { value: value.buffer, read: Buffer.from(value) };
  },
};

export const rawTypes = Object.keys(raw);

/** Returns a value for `setItemRaw`. */
export function rawSample(random: Random): Sample {
  const type = pick(random, rawTypes);
  return { type, ...raw[type]!(random, 0) };
}
