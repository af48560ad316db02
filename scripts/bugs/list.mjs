// The bugs that `npm run test:bugs` plants, one at a time. Whoever changes a line that a bug changes moves the bug along:
// a bug that can no longer be planted is an error, not a bug less.
import { boundary } from "./boundary.mjs";
import { keys } from "./keys.mjs";
import { requests } from "./requests.mjs";
import { values } from "./values.mjs";

/**
 * @typedef {object} Bug
 * @property {string} name what a user would see
 * @property {string} rule the id in docs/SEMANTICS.md that it breaks
 * @property {string} file of the sources
 * @property {string} find the text to replace; it must stand there exactly once
 * @property {string} replace what must still compile
 * @property {string[]} [cargo] the proof in Rust: a file of tests/ without its ending, or `lib`, and the test's name
 * @property {string} [vitest] the proof in JavaScript: a file, of which the tests with the rule's id run
 */

/** @type {Bug[]} */
export const bugs = [...keys, ...values, ...requests, ...boundary];
