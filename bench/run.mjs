// `npm run bench [-- --quick] [-- --only SCENARIO…] [-- --addon FILE]`: compares this driver, the one it replaces, and
// the floor.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { setup } from "../scripts/lib/setup.mjs";
import { bold, dim, elapsed, Failure, main, messageOf, red, step } from "../scripts/lib/steps.mjs";
import { inProject } from "../scripts/lib/project.mjs";
import { inLines } from "./lib/lines.mjs";
import { about } from "./lib/machine.mjs";
import {
  buildPrograms,
  bundleReference,
  driverModule,
  installPackage,
  installRivals,
  installTools,
} from "./lib/prepare.mjs";
import { chosen, scenarios, shownOf } from "./lib/scenarios.mjs";
import { printOutcome, printVerdicts, progressLine } from "./lib/screen.mjs";
import { judgeAll } from "./lib/targets.mjs";
import { benchCache } from "./lib/values.mjs";

// Suppresses the SDK's deprecation warning for this version of Node.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const usage = `Usage: npm run bench [-- OPTIONS]

  --only NAME    only this scenario, or all whose names begin so: tls, large, bill; may be repeated
  --quick        a quarter of the operations, three rounds: to look, not to quote
  --again        their figures take the place of those in the latest full run
  --rounds N     rounds of each scenario (default: 5)
  --addon FILE   another build of the addon, in place of the packed release
  --list         the scenarios`;

function readArguments() {
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
  const addon = values.addon && path.resolve(values.addon);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Failure(`--rounds takes a number from 1, not "${values.rounds}"\n\n${usage}`);
  }
  if (values.again && (!values.only || addon || values.quick || rounds < 5)) {
    const others = "neither --addon, --quick nor less than 5 rounds";
    throw new Failure(`--again takes --only, and ${others}\n\n${usage}`);
  }
  return { ...values, addon, rounds, wanted: chosen(values.only) };
}

/** Builds and installs what the scenarios need. @param {ReturnType<typeof readArguments>} options */
async function prepare({ wanted, rounds, quick, addon }) {
  const needs = (/** @type {string} */ kind) => wanted.some((scenario) => scenario.kind === kind);
  if (addon && ["nitro", "near", "size"].some(needs)) {
    throw new Failure("--addon is for calls: `nitro`, `near-route` and `size` take the package.");
  }
  await setup({ addon: false });
  if (wanted.some(({ kind }) => kind !== "bill")) {
    await step("Building the floor", buildPrograms);
  }
  if (!addon) {
    await installPackage();
  }
  const reference = inProject("bench", "reference", "driver.mjs");
  /** @type {Record<string, string>} */
  const modules = { driver: driverModule(addon), reference };
  if (needs("bill") || wanted.some(({ contestants }) => contestants.includes("lean"))) {
    Object.assign(modules, await installRivals());
  }
  if (["cold", "nitro", "near", "size"].some(needs)) {
    await installTools();
    modules["bundled"] = await bundleReference(reference);
  }
  if (needs("nitro")) {
    const { buildServers } = await import("./lib/nitro.mjs");
    await buildServers();
  }
  if (needs("near")) {
    const { buildNearServers } = await import("./lib/near.mjs");
    await buildNearServers();
  }
  const driverEnv = addon ? { NAPI_RS_NATIVE_LIBRARY_PATH: addon } : {};
  return { rounds, share: quick ? 0.25 : 1, modules, driverEnv };
}

/** Returns the latest full run, updated with scenarios that were repeated later. @param {any} full @param {any} run */
function takenAgain(full, { date, commit, machine, outcomes }) {
  const merged = { ...full.outcomes, ...outcomes };
  const since = Object.keys(outcomes).map((name) => [name, { date, commit, machine }]);
  const again = { ...full.again, ...Object.fromEntries(since) };
  return { ...full, again, outcomes: merged };
}

await main(async () => {
  const start = performance.now();
  const options = readArguments();
  const { only, quick, rounds, addon, again, list, help, wanted } = options;
  if (help || list) {
    console.log(help ? usage : scenarios.map(({ name }) => name).join("\n"));
    return;
  }
  if (wanted.length === 0) {
    throw new Failure(`There is no scenario "${only?.join('", "')}": see --list.`);
  }
  const plan = await prepare(options);
  // Imported late, because it does not exist before the set-up.
  const { runScenario } = await import("./lib/rounds.mjs");
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
      // A failed scenario must not stop the others.
      line.clear();
      failed.push(scenario.name);
      console.error(`${red("✘")} ${scenario.name}: ${messageOf(error)}`);
    }
  }
  printVerdicts(judgeAll(outcomes));

  const isFull = !only && !addon && !quick && rounds >= 5;
  const isKept = (isFull || again) && failed.length === 0;
  const directory = isKept ? inProject("bench", "results") : path.join(benchCache, "results");
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "latest.json");
  const run = {
    date: new Date().toISOString(),
    ...about(),
    command: `npm run bench${only || quick ? ` -- ${process.argv.slice(2).join(" ")}` : ""}`,
    rounds,
    seconds: Math.round((performance.now() - measuring) / 1000),
    outcomes,
  };
  const result = again && isKept ? takenAgain(JSON.parse(readFileSync(file, "utf8")), run) : run;
  writeFileSync(file, `${inLines(result, 2)}\n`);
  if (isKept) {
    // Documents and README are updated immediately.
    const { report } = await import("./report.mjs");
    await step("Writing docs and README", () => report(false));
  }
  console.log(`\n${bold(path.relative(process.cwd(), file))} ${dim(`(${elapsed(start)} in all)`)}`);
  if (failed.length > 0) {
    throw new Failure(`failed: ${failed.join(", ")}; docs and README stay as they were`);
  }
});
