// Runs a scenario: loads, listings and cold starts here, the others in files of their own.
import { credentials as engineCredentials, region } from "../../scripts/lib/engine.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { alternate } from "./alternate.mjs";
import { runBill } from "./bill.mjs";
import { measured, worker } from "./child.mjs";
import { countRequests } from "./counter.mjs";
import { startEndpoint } from "./endpoints.mjs";
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
 * @property {Record<string, string>} modules what the contestants in JavaScript load
 * @property {NodeJS.ProcessEnv} [driverEnv]
 * @property {(contestant: Contestant) => string[]} [watcher] the command that a measured process runs under
 */

/** The driver's default of `maxConnections`, and of the AWS SDK for JavaScript. */
const connections = 50;

// A copy: AWS's SDK adds a field to the object that it is given.
const credentials = { ...engineCredentials };

/** Writes the items that a scenario reads; the floor's program does that, as it is quick. @param {any} spec */
const fill = (spec) => {
  const writes = { operation: "setItem", warmUp: 0, count: spec.keys, inFlight: connections };
  return measured(floorProgram(), [JSON.stringify({ ...spec, ...writes })]);
};

/** @param {Scenario} scenario */
const tableOf = ({ name }) => name.replaceAll(/[^\w.-]/g, "_");

/** @type {Runner} */
async function runLoad(scenario, { endpoint }, plan, progress) {
  const { load, contestants } = scenario;
  const table = tableOf(scenario);
  const scaled = (/** @type {number} */ count) =>
    Math.min(count, Math.max(load.inFlight, Math.ceil(count * plan.share)));
  const base = {
    ...load,
    endpoint,
    table,
    region,
    credentials,
    connections,
    valueFile: valueFile(load.size),
    warmUp: scaled(load.warmUp),
    count: scaled(load.count),
    // Where nothing is warmed up, at least the connection is there.
    connect: load.warmUp === 0,
    verify: true,
  };

  /** @param {Contestant} contestant @param {object} [other] in its spec @param {string[]} [watcher] */
  async function one(contestant, other = {}, watcher = []) {
    if (scenario.refill) {
      await fill(base);
    }
    const module = contestant === "boundary" ? boundaryAddon : plan.modules[contestant];
    const spec = JSON.stringify({ ...base, contestant, module, ...other });
    const isFloor = contestant === "floor";
    const program = isFloor ? [floorProgram()] : [process.execPath, worker("load")];
    const [command = "", ...parameters] = [...watcher, ...program, spec];
    return measured(command, parameters, contestant === "driver" ? plan.driverEnv : {});
  }

  // The scripted endpoint has its items already.
  if (scenario.endpoint !== "pages") {
    await createTable(endpoint, table);
    await fill(base);
  }
  const outcome = await alternate(contestants, plan.rounds, progress, (contestant) =>
    one(contestant, {}, plan.watcher?.(contestant)),
  );
  await countRequests(outcome, endpoint, progress, async (contestant, counted) => {
    const count = Math.min(base.count, 50);
    // Nothing but the operations themselves is sent.
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
  // Short, so more of them.
  return alternate(contestants, plan.rounds * 3, progress, (contestant) => {
    const module = plan.modules[contestant];
    const spec = { module, options, key: "bench:item:0", length: load.size };
    const own = contestant === "driver" ? plan.driverEnv : {};
    return measured(process.execPath, [worker("cold"), JSON.stringify(spec)], { ...env, ...own });
  });
}

/**
 * One scenario, of whatever kind, against an endpoint of its own: none inherits the tables of another.
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
  try {
    const runners = { load: runLoad, cold: runCold, nitro: runNitro, bill: runBill };
    return await runners[scenario.kind](scenario, endpoint, plan, progress);
  } finally {
    await endpoint.stop();
  }
}
