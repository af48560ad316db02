// Random values of every type that a table can hold, each with what reading it must give.
import { nastyKey } from "./random";

export type Random = () => number;

export interface Sample {
  type: string;
  value: any;
  /** What `getItem` must give. */
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

const simple: Record<string, (random: Random) => { value: any; read: any }> = {
  string: (random) => same(nastyKey(random, 200)),
  "empty string": () => same(""),
  number: (random) => same(pick(random, numbers)),
  bigint: (random) => same(pick(random, bigs)),
  // Where a number holds it, it is read as one.
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

const nested: Record<string, (random: Random, depth: number) => { value: any; read: any }> = {
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
    const entries = new Map(many(random, () => [pick(random, names), sample(random, depth + 1)]));
    return { value: object(entries, "value"), read: object(entries, "read") };
  },
  Map: (random, depth) => {
    const entries = new Map(many(random, () => [pick(random, names), sample(random, depth + 1)]));
    const value = new Map([...entries].map(([name, one]) => [name, one.value]));
    return { value, read: object(entries, "read") };
  },
};

/** What `compression` makes smaller. */
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

function object(entries: Map<string, Sample>, part: "value" | "read"): object {
  return Object.fromEntries([...entries].map(([name, one]) => [name, one[part]]));
}

const nestedTypes = [...Object.keys(simple), ...Object.keys(nested)];
export const valueTypes = [...nestedTypes, ...Object.keys(long)];

/** One value of any type, nested at most a few levels. */
export function sample(random: Random, depth = 0): Sample {
  const type = pick(
    random,
    depth === 0 ? valueTypes : depth < 4 ? nestedTypes : Object.keys(simple),
  );
  const make = simple[type] ?? nested[type] ?? long[type]!;
  return { type, ...make(random, depth) };
}

/** One value for `setItemRaw`. */
export function rawSample(random: Random): Sample {
  const encoded = `base64:${Buffer.from(bytes(random)).toString("base64")}`;
  switch (below(random, 5)) {
    case 0:
      return { type: "raw text", ...same(nastyKey(random, 100)) };
    case 1:
      return { type: "raw base64 text", ...same(encoded) };
    case 2: {
      const value = { list: [below(random, 100), null], text: nastyKey(random, 30) };
      return { type: "raw JSON", value, read: JSON.stringify(value) };
    }
    case 3: {
      const words = Uint16Array.from({ length: 8 }, () => below(random, 65_536)).subarray(2, 6);
      return {
        type: "raw window",
        value: words,
        read: Buffer.from(new Uint8Array(words.buffer, words.byteOffset, words.byteLength)),
      };
    }
    default: {
      const value = bytes(random);
      return { type: "raw bytes", value: value.buffer, read: Buffer.from(value) };
    }
  }
}

export const rawTypes = ["raw text", "raw base64 text", "raw JSON", "raw window", "raw bytes"];
