// `node bench/profile.mjs [--in-flight N] [--addon FILE]`: shows how the processor time of a 1 KB read is divided
// between threads and binaries, and how often threads are switched. Uses Linux's `perf` on the driver and the floor.
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { outputOrFail } from "../scripts/lib/process.mjs";
import { setup } from "../scripts/lib/setup.mjs";
import { bold, dim, Failure, main, step } from "../scripts/lib/steps.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";
import { sharesOf, switchesOf } from "./lib/perf.mjs";
import { buildPrograms, driverModule, installPackage } from "./lib/prepare.mjs";
import { scenarios } from "./lib/scenarios.mjs";
import { progressLine, short } from "./lib/screen.mjs";
import { benchCache } from "./lib/values.mjs";

// Suppresses the deprecation warning of AWS's SDK, which creates the tables.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

/** Enough to make the start of the process negligible. */
const count = 40_000;
const directory = path.join(benchCache, "perf");
const contestants = /** @type {const} */ (["driver", "floor"]);

const samples = (/** @type {string} */ contestant) => path.join(directory, `${contestant}.data`);
const switches = (/** @type {string} */ contestant) =>
  path.join(directory, `${contestant}.switches`);

/** @type {((contestant: string) => string[])[]} */
const watchers = [
  (contestant) =>
    `perf record --quiet --event cpu-clock --freq 4000 --output ${samples(contestant)} --`.split(
      " ",
    ),
  (contestant) =>
    `perf stat --event context-switches -x , --output ${switches(contestant)} --`.split(" "),
];

/**
 * @param {string} contestant
 * @param {number} cpu microseconds of processor time per operation
 * @param {number} operations total
 */
function print(contestant, cpu, operations) {
  const report = "report --stdio --no-children --call-graph none --sort comm,dso -t ; --input";
  const shares = sharesOf(outputOrFail("perf", [...report.split(" "), samples(contestant)]));
  const each = (switchesOf(readFileSync(switches(contestant), "utf8")) / operations).toFixed(2);
  console.log(`\n${contestant}: ${short(cpu)} µs of processor time, ${each} context switches`);
  for (const [name, share] of shares.filter(([, part]) => part >= 0.005)) {
    const percent = `${(share * 100).toFixed(0).padStart(3)} %`;
    console.log(`  ${percent} ${short(share * cpu).padStart(5)} µs  ${name}`);
  }
}

await main(async () => {
  const { values } = parseArgs({
    options: { "in-flight": { type: "string", default: "64" }, addon: { type: "string" } },
  });
  const inFlight = values["in-flight"];
  const found = scenarios.find(({ name }) => name === `getItem-1KB-${inFlight}`);
  if (!found) {
    throw new Failure(`--in-flight takes 1 or 64, not "${inFlight}"`);
  }
  const scenario = { ...found, contestants: [...contestants], load: { ...found.load, count } };
  await ensureTools("perf");
  await setup({ addon: false });
  await step("Building the floor", buildPrograms);
  const addon = values.addon && path.resolve(values.addon);
  if (!addon) {
    await installPackage();
  }
  const { runScenario } = await import("./lib/rounds.mjs");
  const driverEnv = addon ? { NAPI_RS_NATIVE_LIBRARY_PATH: addon } : {};
  const plan = { share: 1, modules: { driver: driverModule(addon) }, driverEnv };
  mkdirSync(directory, { recursive: true });
  const line = progressLine(scenario.name);
  const outcome = await runScenario(scenario, { ...plan, rounds: 3 }, line.show);
  for (const watcher of watchers) {
    await runScenario(scenario, { ...plan, rounds: 1, watcher }, line.show);
  }
  line.clear();
  console.log(`\n${bold(scenario.title)}, ${count.toLocaleString("en")} of them`);
  for (const contestant of contestants) {
    const cpu = outcome[contestant]?.["cpu"]?.median ?? 0;
    print(contestant, cpu, count + scenario.load.warmUp);
  }
  const note = "The start of the process is in the shares.";
  console.log(dim(`\n${note} ${directory} has what perf wrote.`));
});
