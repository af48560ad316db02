// Runs a scenario. Loads, listings and cold starts are implemented here, the others in separate files.
import { credentials as engineCredentials, region } from "../../scripts/lib/engine.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { alternate } from "./alternate.mjs";
import { runBill } from "./bill.mjs";
import { measured, worker } from "./child.mjs";
import { countRequests } from "./counter.mjs";
import { startEndpoint } from "./endpoints.mjs";
import { runNear } from "./near.mjs";
import { runNitro } from "./nitro.mjs";
import { boundaryAddon, floorProgram } from "./prepare.mjs";
import { runSize } from "./size.mjs";
import { valueFile } from "./values.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */
/** @typedef {import("./scenarios.mjs").Contestant} Contestant */
/** @typedef {import("./scenarios.mjs").Scenario} Scenario */
/** @typedef {(scenario: Scenario, endpoint: import("./endpoints.mjs").Endpoint, plan: Plan, progress: (text: string) => void) => Promise<Outcome>} Runner */

/**
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {number} share of the full counts, for a quick run
 * @property {Record<string, string>} modules of the contestants in JavaScript
 * @property {NodeJS.ProcessEnv} [driverEnv]
 * @property {(contestant: Contestant) => string[]} [watcher] the command that runs a measured process
 */

/** The default of the driver's `maxConnections` and of the AWS SDK for JavaScript. */
const connections = 50;

// Copied, because AWS's SDK adds a field to the object.
const credentials = { ...engineCredentials };

/** Writes the items that a scenario reads. Uses the floor's program, which is fast. @param {any} spec */
const fill = (spec) => {
  const writes = { operation: "setItem", warmUp: 0, count: spec.keys, inFlight: connections };
  return measured(floorProgram(), [JSON.stringify({ ...spec, ...writes })]);
};

/** @param {Scenario} scenario */
const tableOf = ({ name }) => name.replaceAll(/[^\w.-]/g, "_");

/** Those whose program is the floor's. @type {Set<Contestant>} */
const inRust = new Set(["floor", "hyper-util (Rust)", "aws-sdk-dynamodb (Rust)"]);

/** @type {Runner} */
async function runLoad(scenario, { endpoint, plain, env }, plan, progress) {
  const { load, contestants } = scenario;
  const table = tableOf(scenario);
  const scaled = (/** @type {number} */ count) =>
    Math.min(count, Math.max(load.inFlight, Math.ceil(count * plan.share)));
  const base = {
    ...load,
    endpoint,
    authorities: env?.SSL_CERT_FILE,
    table,
    region,
    credentials,
    connections,
    valueFile: valueFile(load.size, load.text),
    warmUp: scaled(load.warmUp),
    count: scaled(load.count),
    // Without a warm-up, the connection is at least open.
    connect: load.warmUp === 0,
    verify: true,
  };

  /** @param {Contestant} contestant @param {object} [other] in its spec @param {string[]} [watcher] */
  async function one(contestant, other = {}, watcher = []) {
    if (scenario.refill) {
      await fill({ ...base, endpoint: plain });
    }
    const module = contestant === "boundary" ? boundaryAddon : plan.modules[contestant];
    const spec = JSON.stringify({ ...base, contestant, module, ...other });
    const isNative = inRust.has(contestant);
    const program = isNative ? [floorProgram()] : [process.execPath, worker("load")];
    const [command = "", ...parameters] = [...watcher, ...program, spec];
    const own = contestant === "driver" ? plan.driverEnv : {};
    return measured(command, parameters, { ...env, ...own });
  }

  // The `pages` endpoint already contains its items.
  if (scenario.endpoint !== "pages") {
    await createTable(plain, table);
    await fill({ ...base, endpoint: plain });
  }
  const outcome = await alternate(contestants, plan.rounds, progress, (contestant) =>
    one(contestant, {}, plan.watcher?.(contestant)),
  );
  await countRequests(outcome, plain, progress, async (contestant, counted) => {
    const count = Math.min(base.count, 50);
    // Only the operations themselves are counted.
    await one(contestant, { endpoint: counted, count, warmUp: 0, connect: false, verify: false });
    return count;
  });
  return outcome;
}

/** @type {Runner} */
async function runCold(scenario, { endpoint, plain, env }, plan, progress) {
  const { load, contestants } = scenario;
  const table = tableOf(scenario);
  await createTable(plain, table);
  await fill({ ...load, endpoint: plain, table, connections, valueFile: valueFile(load.size) });
  const options = { table, endpoint, region, credentials };
  // More rounds, because each is short.
  return alternate(contestants, plan.rounds * 3, progress, (contestant) => {
    const module = plan.modules[contestant];
    const spec = { module, options, key: "bench:item:0", length: load.size };
    const own = contestant === "driver" ? plan.driverEnv : {};
    return measured(process.execPath, [worker("cold"), JSON.stringify(spec)], { ...env, ...own });
  });
}

/**
 * Runs a scenario of any kind on a new endpoint, so that scenarios do not share tables.
 *
 * @param {Scenario} scenario
 * @param {Plan} plan
 * @param {(text: string) => void} progress
 */
export async function runScenario(scenario, plan, progress) {
  if (scenario.kind === "size") {
    return runSize(plan.modules["bundled"] ?? "");
  }
  const endpoint = await startEndpoint(scenario.endpoint);
  const rounds = Math.min(plan.rounds, scenario.rounds ?? Infinity);
  try {
    const runners = { load: runLoad, cold: runCold, nitro: runNitro, bill: runBill, near: runNear };
    return await runners[scenario.kind](scenario, endpoint, { ...plan, rounds }, progress);
  } finally {
    await endpoint.stop();
  }
}
