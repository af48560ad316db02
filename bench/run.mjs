// `npm run bench [-- --quick] [-- --only SCENARIO…] [-- --addon FILE]`: this driver, the one it replaces, and the floor.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { startEngine } from "../scripts/lib/engine.mjs";
import { setup } from "../scripts/lib/setup.mjs";
import { bold, dim, elapsed, Failure, main, step } from "../scripts/lib/steps.mjs";
import { commit, machine, versions } from "./lib/machine.mjs";
import { buildPrograms, driverModule, installPackage } from "./lib/prepare.mjs";
import { chosen, scenarios } from "./lib/scenarios.mjs";
import { printOutcome, printVerdicts, progressLine } from "./lib/screen.mjs";
import { judgeAll } from "./lib/targets.mjs";
import { benchCache } from "./lib/values.mjs";

const usage = `Usage: npm run bench [-- OPTIONS]

  --only NAME    only this scenario, or all whose names begin so; may be repeated
  --quick        a quarter of the operations, three rounds: to look, not to quote
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
        list: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error(`--rounds takes a number from 1, not "${values.rounds}"`);
    }
    return { ...values, rounds };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${usage}`);
  }
}

await main(async () => {
  const start = performance.now();
  const { only, quick, rounds, addon, list, help } = readArguments();
  const wanted = chosen(only);
  if (wanted.length === 0) {
    throw new Failure(`There is no scenario "${only?.join('", "')}": see --list.`);
  }
  if (help || list) {
    console.log(help ? usage : scenarios.map(({ name }) => name).join("\n"));
    return;
  }
  await setup({ addon: false });
  await step("Building the floor", buildPrograms);
  if (addon === undefined) {
    await installPackage();
  }
  // Only now: before the set-up there was nothing to import.
  const { runLoad } = await import("./lib/rounds.mjs");
  const plan = {
    rounds,
    share: quick ? 0.25 : 1,
    modules: {
      driver: driverModule(addon && path.resolve(addon)),
      reference: fileURLToPath(new URL("reference/driver.mjs", import.meta.url)),
    },
    driverEnv: addon === undefined ? {} : { NAPI_RS_NATIVE_LIBRARY_PATH: path.resolve(addon) },
  };

  /** @type {Record<string, import("./lib/rounds.mjs").Outcome>} */
  const outcomes = {};
  const measuring = performance.now();
  for (const [index, scenario] of wanted.entries()) {
    const line = progressLine(`[${index + 1}/${wanted.length}] ${scenario.name}`);
    // A new engine for each: none inherits the tables of another.
    const engine = await startEngine();
    try {
      outcomes[scenario.name] = await runLoad(scenario, engine.endpoint, plan, line.show);
    } finally {
      await engine.stop();
      line.clear();
    }
    printOutcome(scenario.title, outcomes[scenario.name] ?? {});
  }
  const verdicts = judgeAll(outcomes);
  printVerdicts(verdicts);

  const isFull = only === undefined && !quick && addon === undefined;
  const directory = isFull
    ? fileURLToPath(new URL("results", import.meta.url))
    : path.join(benchCache, "results");
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "latest.json");
  const result = {
    date: new Date().toISOString(),
    commit: commit(),
    command: `npm run bench${only || quick ? ` -- ${process.argv.slice(2).join(" ")}` : ""}`,
    machine: machine(),
    versions: versions(),
    rounds,
    seconds: Math.round((performance.now() - measuring) / 1000),
    outcomes,
    verdicts,
  };
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`\n${bold(path.relative(process.cwd(), file))} ${dim(`(${elapsed(start)} in all)`)}`);
});
