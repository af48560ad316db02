// What a driver is to do, said as plainly as possible: unstorage's memory driver, and for each
// key what it does not know: when the item expires, and when it was written.
import memoryDriver from "unstorage/drivers/memory";

export interface Facts {
  /** The last second of its life. */
  expires?: number | undefined;
  /** The span in which it was written, where the driver keeps that. */
  written?: [from: number, to: number] | undefined;
}

export class Model {
  #values = memoryDriver() as any;
  #facts = new Map<string, Facts>();

  /** `value` is what is to be read; `undefined` for a row without a value. */
  write(key: string, value: unknown, facts: Facts = {}): void {
    this.#facts.set(key, facts);
    this.#values.removeItem(key);
    if (value !== undefined) this.#values.setItem(key, value);
  }

  remove(key: string): void {
    this.#facts.delete(key);
    this.#values.removeItem(key);
  }

  clear(base: string): void {
    for (const key of this.allKeys().filter((one) => isUnder(one, base))) this.remove(key);
  }

  facts(key: string): Facts | undefined {
    return this.#facts.get(key);
  }

  isAlive(key: string, second: number): boolean {
    const facts = this.#facts.get(key);
    return facts !== undefined && (facts.expires === undefined || facts.expires >= second);
  }

  has(key: string, second: number): boolean {
    return this.isAlive(key, second) && this.#values.hasItem(key);
  }

  get(key: string, second: number): any {
    return this.has(key, second) ? this.#values.getItem(key) : null;
  }

  getRaw(key: string, second: number): any {
    const value = this.get(key, second);
    if (typeof value !== "string" || !value.startsWith("base64:")) return value;
    return Buffer.from(value.slice("base64:".length), "base64");
  }

  keys(base: string, maxDepth: number, second: number): string[] {
    const isListed = (key: string): boolean =>
      isUnder(key, base) && key.split(":").length - 1 <= maxDepth && this.isAlive(key, second);
    return this.allKeys().filter(isListed);
  }

  /** Every row, expired ones too, sorted. */
  allKeys(): string[] {
    return [...this.#facts.keys()].sort();
  }
}

function isUnder(key: string, base: string): boolean {
  const name = base.replace(/:+$/, "");
  return name === "" || key.startsWith(`${name}:`);
}

/** The bytes of a value as DynamoDB documents them; `undefined` where its own digits count. */
export function sizeOf(value: any): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Buffer.isBuffer(value)) return value.length;
  if (typeof value === "boolean" || value === null) return 1;
  if (typeof value !== "object") return undefined;
  const isSet = value instanceof Set;
  const parts: [string, any][] = isSet ? [...value].map((part) => ["", part]) : entries(value);
  let sum = isSet ? 0 : 3;
  for (const [name, part] of parts) {
    const size = sizeOf(part);
    if (size === undefined) return undefined;
    sum += size + (isSet ? 0 : Buffer.byteLength(name) + 1);
  }
  return sum;
}

function entries(value: any): [string, any][] {
  return Array.isArray(value) ? value.map((part) => ["", part]) : Object.entries(value);
}
