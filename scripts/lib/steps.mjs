// Progress output of scripts: the name and time of each step, and errors without a stack.
import { existsSync, renameSync, rmSync } from "node:fs";
import { styleText } from "node:util";

/** An error whose message is a full explanation. Printed without a stack. */
export class Failure extends Error {}

/** @param {"bold" | "dim" | "red" | "green"} format */
const style = (format) => (/** @type {string} */ text) => styleText(format, text);
export const bold = style("bold");
export const dim = style("dim");
export const red = style("red");
export const green = style("green");

/** @param {number} since from performance.now() */
export const elapsed = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Prints the name of the step before running it, so that long steps are never silent.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const start = performance.now();
  console.log(`${bold("▸")} ${name}`);
  const result = await work();
  console.log(`${green("✔")} ${name} ${dim(`(${elapsed(start)})`)}`);
  return result;
}

/**
 * Fills a folder unless it exists. It gets its final name only when it is complete, so that an interrupted download is
 * not taken for a complete one.
 *
 * @param {string} name
 * @param {string} folder
 * @param {(partial: string) => unknown} fill
 */
export async function fillOnce(name, folder, fill) {
  const partial = `${folder}.partial`;
  if (!existsSync(folder)) {
    rmSync(partial, { recursive: true, force: true });
    await step(name, () => fill(partial));
    renameSync(partial, folder);
  }
  return folder;
}

/** Includes the stack, except for a `Failure` and invalid command-line options. @param {any} error */
export const messageOf = (error) =>
  error instanceof Failure || error?.code?.startsWith("ERR_PARSE_ARGS")
    ? error.message
    : (error?.stack ?? String(error));

/** Runs a script and sets the exit code if it fails. @param {() => unknown} work */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\n${red("✘")} ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
