// Prints the story as code with its results, and refuses to print a result that is not the promised one.
import assert from "node:assert/strict";
import { inspect } from "node:util";

import { bold, dim, green } from "../lib/steps.mjs";

/** @param {string} title */
export const chapter = (title) => console.log(`\n${bold(title)}`);

/** @param {string} text */
export const code = (text) => console.log(`  ${text.startsWith("//") ? dim(text) : text}`);

/**
 * @param {string} expression as the reader would type it
 * @param {unknown} actual
 * @param {unknown} expected
 */
export function expect(expression, actual, expected) {
  assert.deepEqual(
    actual,
    expected,
    `${expression} gave ${inspect(actual)}, expected ${inspect(expected)}`,
  );
  console.log(`  ${expression} ${dim("→")} ${green(inspect(actual))}`);
}

/**
 * @param {string} expression as the reader would type it
 * @param {string} actual
 * @param {RegExp} expected
 */
export function expectMatch(expression, actual, expected) {
  assert.match(actual, expected);
  console.log(`  ${expression} ${dim("→")} ${green(inspect(actual))}`);
}
