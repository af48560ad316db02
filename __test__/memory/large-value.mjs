// Writes or reads one value of 8 MiB and prints by how many times its size the peak of this process's memory grew.
//
// node --expose-gc large-value.mjs '{ endpoint, table, credentials, does: "write" | "read", kind: "text" | "bytes", compression }'
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import dynamoDbCacheDriver from "../../index.mjs";
import { region } from "../../scripts/lib/engine.mjs";

const { endpoint, table, credentials, does, kind, compression } = JSON.parse(
  process.argv[2] ?? "{}",
);
const size = 8 << 20;
const options = { endpoint, table, region, credentials, compression };
const driver = dynamoDbCacheDriver({ ...options, largeValues: {} });

/** @param {string} name in kilobytes @returns {number} bytes */
function status(name) {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(
    readFileSync("/proc/self/status", "utf8"),
  ) ?? [undefined, NaN];
  return Number(kilobytes) * 1024;
}

// One-time allocations are not counted.
await driver.setItem("warm-up", "w".repeat(1000));
await driver.getItem("warm-up");
const value =
  kind === "text"
    ? randomBytes(size / 2).toString("hex")
    : Buffer.alloc(size, randomBytes(size / 2));
const write = () => (kind === "text" ? driver.setItem("k", value) : driver.setItemRaw("k", value));
const read = () => (kind === "text" ? driver.getItem("k") : driver.getItemRaw("k"));

/** @type {() => void} */ (globalThis.gc)();
// Resets the peak: https://docs.kernel.org/filesystems/proc.html
writeFileSync("/proc/self/clear_refs", "5");
const before = status("VmRSS");
const result = await (does === "write" ? write() : read());
const growth = status("VmHWM") - before;
if (does === "read") assert.equal(Buffer.byteLength(/** @type {any} */ (result)), size);
process.stdout.write((growth / size).toFixed(2));
