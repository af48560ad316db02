// `npm run bench:guard [-- --update | --prove] [-- --only NAME] [-- --addon FILE]`: checks that reads and writes of 1 KB
// and of 64 KB have not become more expensive. Counts the instructions of a whole Node process with the release addon under valgrind,
// which, unlike time, do not depend on the load of the machine. With --prove, it performs 20 % more operations than it
// reports, and must fail.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { inProject, readJson } from "../scripts/lib/project.mjs";
import { finish } from "../scripts/lib/results.mjs";
import { setup } from "../scripts/lib/setup.mjs";
import { dim, Failure, green, main, red, step } from "../scripts/lib/steps.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";
import {
  allowance,
  cases,
  failing,
  instructionsPerOperation,
  judge,
  lower,
} from "./lib/instructions.mjs";

const baselineFile = "bench/guard-baseline.json";

/** @param {import("./lib/instructions.mjs").Variant} variant @param {string[]} asked */
async function measureAll(variant, asked) {
  /** @type {Record<string, import("./lib/instructions.mjs").Instructions>} */
  const measured = {};
  for (const [name, one] of Object.entries(cases)) {
    if (!asked.includes(name)) {
      continue;
    }
    measured[name] = await step(`Counting the instructions of ${name}`, () =>
      instructionsPerOperation(one, variant),
    );
  }
  return measured;
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      update: { type: "boolean", default: false },
      prove: { type: "boolean", default: false },
      only: { type: "string" },
      addon: { type: "string" },
    },
  });
  const { addon, only, update, prove: isSlowed } = values;
  const names = Object.keys(cases);
  const asked = names.filter((name) => !only || name === only);
  if (asked.length === 0) {
    throw new Failure(`--only ${only}: not one of ${names.join(", ")}`);
  }
  await ensureTools("valgrind");
  await setup({ engine: false, addon: addon === undefined && "release" });
  const measured = await measureAll({ addon, isSlowed }, asked);
  if (update && !isSlowed) {
    const baselines = { ...readJson(baselineFile), ...measured };
    writeFileSync(inProject(baselineFile), `${JSON.stringify(baselines, null, 2)}\n`);
    console.log("\nThe new baseline goes into a commit of its own, which gives the reason.");
    return;
  }
  const baseline = readJson(baselineFile);
  const doubted = failing(measured, baseline);
  if (doubted.length > 0) {
    // Load on the machine can only add instructions, so the lower count is the driver's own.
    lower(measured, await measureAll({ addon, isSlowed }, doubted));
  }
  const verdicts = judge(measured, baseline);
  for (const { name, before, now, change, passed } of verdicts) {
    const percent = `${change >= 0 ? "+" : ""}${(change * 100).toFixed(1)} %`;
    const counts = dim(`(${now.toLocaleString("en")}, baseline ${before.toLocaleString("en")})`);
    console.log(`${passed ? green("✔") : red("✘")} ${name}: ${percent} ${counts}`);
  }
  if (verdicts.some(({ change }) => change < -allowance)) {
    console.log("\nMuch less than the baseline: lower it, or it lets the next loss pass.");
  }
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  finish({ passed, failed: verdicts.length - passed });
});
