// Runs the steps that standard input lists, `MINUTES min | NAME | COMMAND` each: .ci/run and .ci/nightly. A step that ends
// with `N passed, N failed` counts as so many, any other as one. Ends with the same line for all of them.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { start } from "./lib/process.mjs";
import { runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";

/** @typedef {{ name: string, minutes: number, command: string }} Step */

/** @returns {Step[]} */
function steps() {
  const lines = readFileSync(0, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    const [, minutes, name = "", command = ""] = /^ *(\d+) min \| (.+?) *\| (.+)$/.exec(line) ?? [];
    if (minutes === undefined) {
      throw new Failure(`Not of the form \`MINUTES min | NAME | COMMAND\`: ${line}`);
    }
    return { name, minutes: Number(minutes), command };
  });
}

/**
 * @param {Step} step
 * @returns {Promise<import("./lib/results.mjs").Count>}
 */
async function run({ name, minutes, command }) {
  const { output, exited } = start("bash", ["-c", `${command} 2>&1`], {
    stdout: "both",
    // A machine that is busy may take twice as long.
    minutes: 2 * minutes,
    group: true,
  });
  const code = await exited;
  if (output.isLate) {
    console.error(`${name}: stopped, it took more than twice its ${minutes} min`);
  }
  const line = [...output.stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const [passed, failed] = line ? [Number(line[1]), Number(line[2])] : [Number(code === 0), 0];
  // What failed without saying so, or ran nothing, has failed.
  const isSilent = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: isSilent ? 1 : failed };
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
  const all = steps();
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
