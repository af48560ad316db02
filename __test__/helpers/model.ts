// A simple model of the driver: a map with the expiry and write time of each key.
export interface Facts {
  /** The last second of its lifetime. */
  expires?: number | undefined;
  /** The start and end of the write, if the driver stores its time. */
  written?: [from: number, to: number] | undefined;
  /** `null` for a row without an etag, `undefined` if it has one that is not known yet. */
  etag?: string | null | undefined;
}

/** The conditions of a write. */
export interface Condition {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

export class Model {
  #rows = new Map<string, Facts & { value: unknown }>();

  /** `value` is the expected result of a read, or `undefined` for a row without a value. */
  write(key: string, value: unknown, facts: Facts = {}): void {
    this.#rows.set(key, { value, ...facts });
  }

  remove(key: string): void {
    this.#rows.delete(key);
  }

  clear(base: string): void {
    for (const key of this.allKeys()) if (isUnder(key, base)) this.remove(key);
  }

  facts(key: string): Facts | undefined {
    return this.#rows.get(key);
  }

  isAlive(key: string, second: number): boolean {
    const row = this.#rows.get(key);
    return row !== undefined && (row.expires ?? Infinity) >= second;
  }

  has(key: string, second: number): boolean {
    return this.isAlive(key, second) && this.#rows.get(key)?.value !== undefined;
  }

  meets(key: string, { ifMatch, ifNoneMatch }: Condition, second: number): boolean {
    const matches = (etag: string): boolean =>
      this.has(key, second) && (etag === "*" || etag === this.#rows.get(key)?.etag);
    return (!ifMatch || matches(ifMatch)) && (!ifNoneMatch || !matches(ifNoneMatch));
  }

  /** Adds the etag that was read to a row that was written without learning it. */
  learn(key: string, etag: string): void {
    Object.assign(this.#rows.get(key) ?? {}, { etag });
  }

  get(key: string, second: number): any {
    return this.has(key, second) ? this.#rows.get(key)?.value : null;
  }

  getRaw(key: string, second: number): any {
    const value = this.get(key, second);
    if (typeof value !== "string" || !value.startsWith("base64:")) return value;
    return Buffer.from(value.slice("base64:".length), "base64");
  }

  keys(base: string, maxDepth: number, second: number): string[] {
    return this.allKeys().filter(
      (key) =>
        isUnder(key, base) && key.split(":").length - 1 <= maxDepth && this.isAlive(key, second),
    );
  }

  /** Returns all keys, including expired ones, sorted. */
  allKeys(): string[] {
    return [...this.#rows.keys()].sort();
  }
}

function isUnder(key: string, base: string): boolean {
  const name = base.replace(/:+$/, "");
  return name === "" || key.startsWith(`${name}:`);
}

/** The documented size of a value in bytes, or `undefined` if it depends on the digits of a number. */
export function sizeOf(value: any): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Buffer.isBuffer(value)) return value.length;
  if (typeof value === "boolean" || value === null) return 1;
  if (typeof value !== "object") return undefined;
  const isSet = value instanceof Set;
  const isList = isSet || Array.isArray(value);
  const parts: [string, any][] = isList
    ? [...value].map((part) => ["", part])
    : Object.entries(value);
  let sum = isSet ? 0 : 3;
  for (const [name, part] of parts) {
    const size = sizeOf(part);
    if (size === undefined) return undefined;
    sum += size + (isSet ? 0 : Buffer.byteLength(name) + 1);
  }
  return sum;
}
