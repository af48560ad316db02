// `npm run bench [-- --quick] [-- --only SCENARIO…] [-- --addon FILE]`: this driver, the one it replaces, and the floor.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { setup } from "../scripts/lib/setup.mjs";
import { bold, dim, elapsed, Failure, main, red, step } from "../scripts/lib/steps.mjs";
import { commit, machine, versions } from "./lib/machine.mjs";
import {
  buildPrograms,
  bundleReference,
  driverModule,
  installPackage,
  installTools,
} from "./lib/prepare.mjs";
import { chosen, scenarios, shownOf } from "./lib/scenarios.mjs";
import { printOutcome, printVerdicts, progressLine } from "./lib/screen.mjs";
import { inLines } from "./lib/lines.mjs";
import { judgeAll } from "./lib/targets.mjs";
import { benchCache } from "./lib/values.mjs";

// The reference runs on a Node that its SDK will drop soon, and need not say so at each start.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const usage = `Usage: npm run bench [-- OPTIONS]

  --only NAME    only this scenario, or all whose names begin so; may be repeated
  --quick        a quarter of the operations, three rounds: to look, not to quote
  --again        their figures take the place of those in the latest full run
  --rounds N     rounds of each scenario (default: 5)
  --addon FILE   another build of the addon, in place of the packed release
  --list         the scenarios`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true },
        quick: { type: "boolean", default: false },
        rounds: { type: "string" },
        addon: { type: "string" },
        again: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error(`--rounds takes a number from 1, not "${values.rounds}"`);
    }
    if (values.again && (!values.only || values.addon || values.quick || rounds < 5)) {
      throw new Error("--again takes --only, and neither --addon, --quick nor less than 5 rounds");
    }
    return { ...values, rounds };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
}

/**
 * Builds and installs what the scenarios need.
 *
 * @param {import("./lib/scenarios.mjs").Scenario[]} wanted
 * @param {{ rounds: number, quick: boolean, addon: string | undefined }} options
 * @returns {Promise<import("./lib/rounds.mjs").Plan>}
 */
async function prepare(wanted, { rounds, quick, addon }) {
  const needsPackage = wanted.some(({ kind }) => kind === "nitro" || kind === "size");
  if (needsPackage && addon !== undefined) {
    throw new Failure("--addon is for calls: `nitro` and `size` take the package.");
  }
  await setup({ addon: false });
  await step("Building the floor", buildPrograms);
  if (addon === undefined) {
    await installPackage();
  }
  const reference = fileURLToPath(new URL("reference/driver.mjs", import.meta.url));
  /** @type {Record<string, string>} */
  const modules = { driver: driverModule(addon && path.resolve(addon)), reference };
  if (wanted.some(({ kind }) => kind !== "load")) {
    await installTools();
    modules["bundled"] = await bundleReference(reference);
  }
  if (wanted.some(({ kind }) => kind === "nitro")) {
    const { buildServers } = await import("./lib/nitro.mjs");
    await buildServers();
  }
  const driverEnv = addon ? { NAPI_RS_NATIVE_LIBRARY_PATH: path.resolve(addon) } : {};
  return { rounds, share: quick ? 0.25 : 1, modules, driverEnv };
}

/**
 * The latest full run, with scenarios that were run again since.
 *
 * @param {any} full
 * @param {any} run
 */
function takenAgain(full, { date, commit: at, outcomes }) {
  const merged = { ...full.outcomes, ...outcomes };
  const since = Object.keys(outcomes).map((name) => [name, { date, commit: at }]);
  const again = { ...full.again, ...Object.fromEntries(since) };
  return { ...full, again, outcomes: merged, verdicts: judgeAll(merged) };
}

await main(async () => {
  const start = performance.now();
  const { only, quick, rounds, addon, again, list, help } = readArguments();
  const wanted = chosen(only);
  if (wanted.length === 0) {
    throw new Failure(`There is no scenario "${only?.join('", "')}": see --list.`);
  }
  if (help || list) {
    console.log(help ? usage : scenarios.map(({ name }) => name).join("\n"));
    return;
  }
  const plan = await prepare(wanted, { rounds, quick, addon });
  // Only now: before the set-up there was nothing to import.
  const { runScenario } = await import("./lib/run-scenario.mjs");
  /** @type {Record<string, import("./lib/alternate.mjs").Outcome>} */
  const outcomes = {};
  /** @type {string[]} */
  const failed = [];
  const measuring = performance.now();
  for (const [index, scenario] of wanted.entries()) {
    const line = progressLine(`[${index + 1}/${wanted.length}] ${scenario.name}`);
    try {
      const outcome = await runScenario(scenario, plan, line.show);
      line.clear();
      outcomes[scenario.name] = outcome;
      printOutcome(scenario.title, outcome, shownOf(scenario));
    } catch (error) {
      // One that fails must not cost the others their figures.
      line.clear();
      failed.push(scenario.name);
      console.error(
        `${red("✘")} ${scenario.name}: ${error instanceof Failure ? error.message : error.stack}`,
      );
    }
  }
  printVerdicts(judgeAll(outcomes));

  const isFull =
    only === undefined && addon === undefined && !quick && rounds >= 5 && failed.length === 0;
  const isKept = isFull || (again && failed.length === 0);
  const directory = isKept
    ? fileURLToPath(new URL("results", import.meta.url))
    : path.join(benchCache, "results");
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "latest.json");
  const run = {
    date: new Date().toISOString(),
    commit: commit(),
    command: `npm run bench${only || quick ? ` -- ${process.argv.slice(2).join(" ")}` : ""}`,
    machine: machine(),
    versions: versions(),
    rounds,
    seconds: Math.round((performance.now() - measuring) / 1000),
    outcomes,
    verdicts: judgeAll(outcomes),
  };
  const result = again && isKept ? takenAgain(JSON.parse(readFileSync(file, "utf8")), run) : run;
  writeFileSync(file, `${inLines(result, 3)}\n`);
  if (isKept) {
    // Docs and README follow the figures at once.
    const { report } = await import("./report.mjs");
    await step("Writing docs and README", () => report(false));
  }
  console.log(`\n${bold(path.relative(process.cwd(), file))} ${dim(`(${elapsed(start)} in all)`)}`);
  if (failed.length > 0) {
    throw new Failure(`failed: ${failed.join(", ")}; docs and README stay as they were`);
  }
});
