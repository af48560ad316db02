// `npm run test:bugs [-- --list] [-- --only NAME…]`: do the tests notice? Plants the bugs of scripts/bugs/list.mjs, one
// at a time, in a copy of the tree; each must turn a test of its rule red. Takes many minutes: nightly.
import { parseArgs } from "node:util";

import { checkThatTheyFit, keepCleanAddon, makeCopy, plant } from "./bugs/copy.mjs";
import { bugs } from "./bugs/list.mjs";
import { buildAddonOfCopy, proofsOf, prove } from "./bugs/proofs.mjs";
import { startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { dim, elapsed, Failure, green, main, red, step } from "./lib/steps.mjs";

/** @typedef {import("./bugs/list.mjs").Bug} Bug */

/** @returns {Bug[]} */
function chosen(/** @type {string[] | undefined} */ names) {
  const unknown = names?.filter((name) => !bugs.some((bug) => bug.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new Failure(`There is no bug "${unknown.join('", "')}": see --list.`);
  }
  return names ? bugs.filter(({ name }) => names.includes(name)) : bugs;
}

/**
 * What speaks against the proof of a bug before it is planted.
 *
 * @param {Bug} bug
 * @param {import("./bugs/proofs.mjs").Outcome[]} outcomes
 */
function objection(bug, outcomes) {
  const proofs = proofsOf(bug, outcomes);
  const reds = proofs.filter(({ passed }) => !passed);
  if (proofs.length === 0) {
    return `no test with [${bug.rule}] ran in ${bug.vitest ?? bug.cargo?.join(" ")}`;
  }
  return reds.length > 0 ? `red without the bug: ${reds[0]?.title}` : undefined;
}

/**
 * Plants one bug. Gives the title of the test that caught it, or throws why none did.
 *
 * @param {Bug} bug
 * @param {string} endpoint
 */
async function hunt(bug, endpoint) {
  const restore = plant(bug);
  try {
    const needsAddon = bug.vitest && bug.file.startsWith("src/");
    const broken = needsAddon ? await buildAddonOfCopy() : undefined;
    const run = broken ? { broken, outcomes: [] } : await prove([bug], endpoint);
    if (run.broken) {
      throw new Failure(`a broken plant: ${run.broken}`);
    }
    const failed = proofsOf(bug, run.outcomes).filter(({ passed }) => !passed);
    const catcher = failed.find(({ late }) => !late);
    if (!catcher) {
      throw new Failure(failed.length > 0 ? "its tests only ran out of time" : "NOT CAUGHT");
    }
    return catcher.title;
  } finally {
    restore();
  }
}

/** @param {Bug[]} list */
async function huntAll(list) {
  const engine = await startEngine();
  let failures = 0;
  try {
    const { broken, outcomes } = await step("Tests without a bug", () =>
      prove(list, engine.endpoint),
    );
    if (broken) {
      throw new Failure(broken);
    }
    for (const bug of list) {
      const start = performance.now();
      try {
        const reason = objection(bug, outcomes);
        if (reason) {
          throw new Failure(reason);
        }
        const catcher = await hunt(bug, engine.endpoint);
        const seconds = dim(`(${elapsed(start)})`);
        console.log(`${green("✔")} ${bug.name} [${bug.rule}] caught by ${catcher} ${seconds}`);
      } catch (error) {
        failures += 1;
        const reason = error instanceof Failure ? error.message : error.stack;
        console.log(`${red("✘")} ${bug.name} [${bug.rule}] ${reason} (${elapsed(start)})`);
      }
    }
  } finally {
    await engine.stop();
  }
  // As the other suites end: bare, and the last line.
  console.log(`\n${list.length - failures} passed, ${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main(async () => {
  const { values } = parseArgs({
    options: { list: { type: "boolean" }, only: { type: "string", multiple: true } },
  });
  const list = chosen(values.only);
  checkThatTheyFit(bugs);
  if (values.list) {
    for (const { name, rule, file } of list) {
      console.log(`${rule.padEnd(8)} ${name} ${dim(`(${file})`)}`);
    }
    return;
  }
  await setup({ addon: false });
  await step("Copying the tree", makeCopy);
  if (list.some(({ vitest }) => vitest)) {
    await step("Building its addon", async () => {
      const broken = await buildAddonOfCopy();
      if (broken) {
        throw new Failure(broken);
      }
      keepCleanAddon();
    });
  }
  await huntAll(list);
});
