// What a person sees while scripts work: a name for each step, its time, and errors without a stack.
import { existsSync, renameSync, rmSync } from "node:fs";
import { styleText } from "node:util";

/** A failure that the message explains in full: printed without a stack. */
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
 * Names the step before it runs, so that a long one is never a silent terminal.
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
 * A step that fills a folder, unless it exists. An interrupted download must not pass for a whole one, so the folder gets
 * its name when it is complete.
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

/** With a stack, which a `Failure` and a wrong option of the command line do not need. @param {any} error */
export const messageOf = (error) =>
  error instanceof Failure || error?.code?.startsWith("ERR_PARSE_ARGS")
    ? error.message
    : (error?.stack ?? String(error));

/** Runs a script's work: its failure is the exit code. @param {() => unknown} work */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\n${red("✘")} ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
