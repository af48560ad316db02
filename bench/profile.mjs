// `node bench/profile.mjs [--in-flight N] [--addon FILE]`: where the processor time of a read of 1 KB goes, by thread
// and by binary, and how often its threads are switched. By Linux's `perf`, of the driver and of the floor.
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { outputOf } from "../scripts/lib/process.mjs";
import { setup } from "../scripts/lib/setup.mjs";
import { bold, dim, Failure, main, step } from "../scripts/lib/steps.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";
import { sharesOf, switchesOf } from "./lib/perf.mjs";
import { buildPrograms, driverModule, installPackage } from "./lib/prepare.mjs";
import { scenarios } from "./lib/scenarios.mjs";
import { progressLine, short } from "./lib/screen.mjs";
import { benchCache } from "./lib/values.mjs";

// Tables are made by AWS's SDK, which need not say at each start that it will drop this Node.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

/** So many that the start of the process is a small part of them. */
const count = 40_000;

/** @param {string} inFlight */
function scenarioOf(inFlight) {
  const found = scenarios.find(({ name }) => name === `getItem-1KB-${inFlight}`);
  if (!found) {
    throw new Failure(`--in-flight takes 1, 64 or 512, not "${inFlight}"`);
  }
  /** @type {import("./lib/scenarios.mjs").Contestant[]} */
  const contestants = ["driver", "floor"];
  return { ...found, contestants, load: { ...found.load, count } };
}

const directory = path.join(benchCache, "perf");

/** @typedef {(contestant: string) => string[]} Watcher */

const samples = (/** @type {string} */ contestant) => path.join(directory, `${contestant}.data`);

/** @type {Watcher} */
const sampled = (contestant) =>
  `perf record --quiet --event cpu-clock --freq 4000 --output ${samples(contestant)} --`.split(" ");

const switches = (/** @type {string} */ contestant) =>
  path.join(directory, `${contestant}.switches`);

/** @type {Watcher} */
const counted = (contestant) =>
  `perf stat --event context-switches -x , --output ${switches(contestant)} --`.split(" ");

/**
 * @param {string} contestant
 * @param {number} cpu microseconds of processor time that an operation takes
 * @param {number} operations in all
 */
function print(contestant, cpu, operations) {
  const report = "perf report --stdio --no-children --call-graph none --sort comm,dso -t ; --input";
  const [command, ...parameters] = [...report.split(" "), samples(contestant)];
  const shares = sharesOf(outputOf(String(command), parameters) ?? "");
  const each = (switchesOf(readFileSync(switches(contestant), "utf8")) / operations).toFixed(2);
  console.log(`\n${contestant}: ${short(cpu)} µs of processor time, ${each} context switches`);
  for (const [thread, kinds] of Object.entries(shares)) {
    for (const [kind, share] of Object.entries(kinds).filter(([, part]) => part >= 0.005)) {
      const percent = `${(share * 100).toFixed(0).padStart(3)} %`;
      console.log(`  ${percent} ${short(share * cpu).padStart(5)} µs  ${thread}: ${kind}`);
    }
  }
}

await main(async () => {
  const { values } = parseArgs({
    options: { "in-flight": { type: "string", default: "64" }, addon: { type: "string" } },
  });
  const scenario = scenarioOf(values["in-flight"]);
  await ensureTools("perf");
  await setup({ addon: false });
  await step("Building the floor", buildPrograms);
  const addon = values.addon && path.resolve(values.addon);
  if (!addon) {
    await installPackage();
  }
  const { runScenario } = await import("./lib/run-scenario.mjs");
  const driverEnv = addon ? { NAPI_RS_NATIVE_LIBRARY_PATH: addon } : {};
  const plan = { share: 1, modules: { driver: driverModule(addon) }, driverEnv };
  mkdirSync(directory, { recursive: true });
  const line = progressLine(scenario.name);
  const outcome = await runScenario(scenario, { ...plan, rounds: 3 }, line.show);
  for (const watcher of [sampled, counted]) {
    await runScenario(scenario, { ...plan, rounds: 1, watcher }, line.show);
  }
  line.clear();
  console.log(`\n${bold(scenario.title)}, ${count.toLocaleString("en")} of them`);
  for (const contestant of scenario.contestants) {
    const cpu = outcome[contestant]?.["cpu"]?.median ?? 0;
    print(contestant, cpu, count + scenario.load.warmUp);
  }
  console.log(
    dim(`\nThe start of the process is in the shares. ${directory} has what perf wrote.`),
  );
});
