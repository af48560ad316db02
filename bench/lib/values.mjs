// The stored values: texts as an app would cache them, identical in every run.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { cacheDirectory } from "../../scripts/lib/project.mjs";
import { seededRandom } from "../../scripts/lib/random.mjs";
import { multilingualPageOf } from "./texts.mjs";

/** @typedef {"json" | "page"} Text JSON of an exact size, or an HTML page of at most that size */

export const benchCache = path.join(cacheDirectory, "bench");

const words = "account basket colour delivery evening forest garden harbour island journey".split(
  " ",
);

/**
 * @param {number} size in bytes, equal to the number of ASCII characters
 * @returns {string} a JSON document with quotes, which DynamoDB's JSON has to escape
 */
export function valueOf(size) {
  const next = seededRandom(size);
  const word = () => words[Math.floor(next() * words.length)];
  const rows = [];
  const room = size - `{"rows":[],"end":""}`.length;
  for (let used = 0; ;) {
    const row = JSON.stringify({
      id: Math.floor(next() * 1e6),
      name: `${word()} ${word()}`,
      price: Math.floor(next() * 1e5) / 100,
      sold: next() < 0.5,
    });
    if (used + row.length + 1 > room) {
      break;
    }
    used += row.length + 1;
    rows.push(row);
  }
  const start = `{"rows":[${rows.join(",")}],"end":"`;
  return `${start}${"x".repeat(size - start.length - 2)}"}`;
}

/**
 * Writes the value to a file, so that programs in any language use the same value.
 *
 * @param {number} size
 * @param {Text} [text]
 */
export function valueFile(size, text = "json") {
  mkdirSync(benchCache, { recursive: true });
  const file = path.join(benchCache, `value-${size}.${text}`);
  writeFileSync(file, text === "json" ? valueOf(size) : multilingualPageOf(size));
  return file;
}
