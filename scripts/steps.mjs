// Runs the steps listed on standard input as `MINUTES min | NAME | COMMAND`, for .ci/run and .ci/nightly. A step that
// ends with `N passed, N failed` adds these numbers, any other counts as one. Prints the same line for the total.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { start } from "./lib/process.mjs";
import { agree, runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";

/** @typedef {{ name: string, minutes: number, command: string }} Step */

/** @param {string} line @returns {Step} */
function stepOf(line) {
  const [, minutes, name = "", command = ""] = /^ *(\d+) min \| (.+?) *\| (.+)$/.exec(line) ?? [];
  if (minutes === undefined) {
    throw new Failure(`Not of the form \`MINUTES min | NAME | COMMAND\`: ${line}`);
  }
  return { name, minutes: Number(minutes), command };
}

/** @param {Step} step */
async function run({ name, minutes, command }) {
  // A busy machine may take twice as long.
  const options = /** @type {const} */ ({ stdout: "both", minutes: 2 * minutes, group: true });
  const { output, exited } = start("bash", ["-c", `${command} 2>&1`], options);
  const code = await exited;
  if (output.isLate) {
    console.error(`${name}: stopped, it took more than twice its ${minutes} min`);
  }
  const line = [...output.stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const [, passed = Number(code === 0), failed = 0] = line ?? [];
  return agree({ passed: Number(passed), failed: Number(failed) }, code);
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      list: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      except: { type: "string", multiple: true, default: [] },
    },
  });
  const { list, only, except } = values;
  const all = readFileSync(0, "utf8").split("\n").filter(Boolean).map(stepOf);
  const unknown = [...only, ...except].filter((name) => !all.some((step) => step.name === name));
  if (unknown.length > 0) {
    throw new Failure(`There is no step "${unknown.join('", "')}": see --list.`);
  }
  const chosen = all.filter(
    ({ name }) => (only.length === 0 || only.includes(name)) && !except.includes(name),
  );
  if (list) {
    chosen.forEach(({ name, minutes, command }) =>
      console.log(`${minutes} min\t${name}\t${command}`),
    );
    return;
  }
  await runSuites(chosen.map((step) => [`${step.name} (${step.minutes} min)`, () => run(step)]));
});
