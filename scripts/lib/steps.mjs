// What a person sees while scripts work: a name for each step, its time, and errors without a stack.

/** A failure that the message explains in full: printed without a stack. */
export class Failure extends Error {}

const isTerminal = process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * @param {number} code
 * @returns {(text: string) => string}
 */
const style = (code) => (text) => (isTerminal ? `\u001B[${code}m${text}\u001B[0m` : text);
export const bold = style(1);
export const dim = style(2);
export const red = style(31);
export const green = style(32);

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
 * Runs a script's work: its failure is the exit code.
 *
 * @param {() => unknown} work
 */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    const text = error instanceof Failure ? error.message : (error?.stack ?? String(error));
    console.error(`\n${red("✘")} ${text}`);
    process.exitCode = 1;
  }
}
