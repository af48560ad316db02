// Runs a scenario of calls: loads, listings, cold starts.
import { fileURLToPath } from "node:url";

import { credentials as engineCredentials, region } from "../../scripts/lib/engine.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { alternate } from "./alternate.mjs";
import { measured } from "./child.mjs";
import { startCounter } from "./counter.mjs";
import { boundaryAddon, floorProgram } from "./prepare.mjs";
import { summarise } from "./stats.mjs";
import { valueFile } from "./values.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */
/** @typedef {import("./endpoints.mjs").Endpoint & { plain?: string }} Endpoint */
/** @typedef {import("./scenarios.mjs").Contestant} Contestant */
/** @typedef {import("./scenarios.mjs").Scenario} Scenario */

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

const worker = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url));

/**
 * @param {any} spec
 * @param {Plan} plan
 * @returns {Promise<any>}
 */
function start(spec, plan) {
  const isFloor = spec.contestant === "floor";
  const program = isFloor ? [floorProgram()] : [process.execPath, worker("load")];
  const [command, ...parameters] = [...(plan.watcher?.(spec.contestant) ?? []), ...program];
  const env = spec.contestant === "driver" ? plan.driverEnv : {};
  return measured(String(command), [...parameters, JSON.stringify(spec)], env);
}

/**
 * Writes the items that a scenario reads; the floor's program does that, as it is quick.
 *
 * @param {any} spec
 */
async function fill(spec) {
  const writes = {
    ...spec,
    operation: "setItem",
    warmUp: 0,
    count: spec.keys,
    inFlight: connections,
  };
  await measured(floorProgram(), [JSON.stringify(writes)]);
}

/** @param {Scenario} scenario */
const tableOf = ({ name }) => name.replaceAll(/[^\w.-]/g, "_");

/**
 * @param {Scenario} scenario
 * @param {Endpoint} endpoint
 * @param {Plan} plan
 * @param {(text: string) => void} progress
 * @returns {Promise<Outcome>}
 */
export async function runLoad(scenario, { endpoint }, plan, progress) {
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
  const specOf = (/** @type {Contestant} */ contestant) => ({
    ...base,
    contestant,
    module: contestant === "boundary" ? boundaryAddon : plan.modules[contestant],
  });
  // The scripted endpoint has its items already.
  const isFilled = scenario.endpoint === "pages";
  const refill = async () => {
    if (scenario.refill) {
      await fill(base);
    }
  };
  if (!isFilled) {
    await createTable(endpoint, table);
    await fill(base);
  }
  const outcome = await alternate(contestants, plan.rounds, progress, async (contestant) => {
    await refill();
    return start(specOf(contestant), plan);
  });
  progress("counting requests");
  for (const contestant of contestants) {
    const figures = outcome[contestant];
    if (figures && contestant !== "boundary") {
      await refill();
      const unwatched = { ...plan, watcher: undefined };
      figures.requests = summarise([await countRequests(specOf(contestant), unwatched)]);
    }
  }
  return outcome;
}

/**
 * Requests per operation, of a few operations through a counting proxy.
 *
 * @param {any} spec
 * @param {Plan} plan
 */
async function countRequests(spec, plan) {
  const counter = await startCounter(spec.endpoint);
  try {
    const few = Math.min(spec.count, 50);
    const { endpoint } = counter;
    // Nothing but the operations themselves is sent.
    const only = { warmUp: 0, connect: false, verify: false };
    await start({ ...spec, endpoint, count: few, ...only }, plan);
    return counter.take() / few;
  } finally {
    counter.stop();
  }
}

/**
 * @param {Scenario} scenario
 * @param {Endpoint} endpoint
 * @param {Plan} plan
 * @param {(text: string) => void} progress
 * @returns {Promise<Outcome>}
 */
export async function runCold(scenario, { endpoint, plain = endpoint, env }, plan, progress) {
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
