// js/near_cache.cjs alone, over a driver whose calls the test settles, with clocks that the test sets.
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";

const withNearCache = createRequire(import.meta.url)("../../js/near_cache.cjs");
const settings = { ttl: 10_000, negativeTtl: 2000, maxBytes: 1 << 20, consistentRead: false };

type Found = { value: unknown; lastSecond?: number } | null;
export interface Call {
  name: string;
  key: any;
  resolve: (result?: unknown) => void;
  reject: (error: Error) => void;
}

/** Returns the cache, the calls of the driver that have not settled, and the clocks. */
export function scripted(options: object = {}) {
  const calls: Call[] = [];
  const now = { monotonic: 0, wall: 1_700_000_000_000 };
  const names =
    "getItem getItemRaw hasItem getMeta getItems setItem setItemRaw setItems removeItem clear dispose";
  const method = (name: string) => (key: any) =>
    new Promise<any>((resolve, reject) => calls.push({ name, key, resolve, reject }));
  const driver = Object.fromEntries(names.split(" ").map((name) => [name, method(name)]));
  const store = Object.create({ stats: () => ({}) });
  const cached = withNearCache(
    { ...driver, getInstance: () => store },
    () => ({ ...settings, ...options }),
    () => ({ ...now }),
  );
  /** Settles the oldest call of the driver. */
  const settle = async (result?: unknown) => {
    calls.shift()!.resolve(result);
    await setImmediate();
  };
  /** Reads a key that the cache has, or else answers the driver's call. Returns the value and whether it was a hit. */
  const read = async (key: string, found: Found, name = "getItem") => {
    const reading = cached[name](key);
    const isHit = calls.length === 0;
    if (!isHit) await settle(found);
    return [await reading, isHit];
  };
  const pass = (milliseconds: number, only?: "monotonic" | "wall") => {
    if (only !== "wall") now.monotonic += milliseconds;
    if (only !== "monotonic") now.wall += milliseconds;
  };
  return { cached, calls, now, pass, read, settle };
}
