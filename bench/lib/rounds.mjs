// Runs a scenario: each contestant in a process of its own, one after another, round after round.
import { fileURLToPath } from "node:url";

import { credentials, region } from "../../scripts/lib/engine.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { measured } from "./child.mjs";
import { startCounter } from "./counter.mjs";
import { boundaryAddon, floorProgram } from "./prepare.mjs";
import { summarise } from "./stats.mjs";
import { valueFile } from "./values.mjs";

/** @typedef {import("./scenarios.mjs").Contestant} Contestant */
/** @typedef {import("./scenarios.mjs").Scenario} Scenario */
/** @typedef {import("./stats.mjs").Summary} Summary */

/** @typedef {Record<string, Summary>} Figures by the name of a metric; times and counts are per operation */
/** @typedef {Partial<Record<Contestant, Figures>>} Outcome */

/**
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {number} share of the full counts, for a quick run
 * @property {Record<string, string>} modules what the contestants in JavaScript load
 * @property {NodeJS.ProcessEnv} [driverEnv]
 */

/** The driver's default of `maxConnections`, and of the AWS SDK for JavaScript. */
const connections = 50;

const worker = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url));

/** Metrics that are shared by the operations of a round; the others hold for the process as it is. */
const perOperation = new Set(["wall", "cpu", "main", "requests"]);

/**
 * @param {any} spec
 * @param {Plan} plan
 * @returns {Promise<any>}
 */
function start(spec, plan) {
  if (spec.contestant === "floor") {
    return measured(floorProgram(), [JSON.stringify(spec)]);
  }
  const env = spec.contestant === "driver" ? plan.driverEnv : {};
  return measured(process.execPath, [worker("load"), JSON.stringify(spec)], env);
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

/**
 * @param {any[]} samples
 * @returns {Figures}
 */
export function figuresOf(samples) {
  /** @type {Record<string, number[]>} */
  const values = {};
  for (const { operations, ...metrics } of samples) {
    for (const [metric, value] of Object.entries(metrics)) {
      (values[metric] ??= []).push(perOperation.has(metric) ? value / operations : value);
    }
    (values["throughput"] ??= []).push((operations / metrics.wall) * 1e6);
  }
  return Object.fromEntries(
    Object.entries(values).map(([metric, list]) => [metric, summarise(list)]),
  );
}

/**
 * @param {Scenario} scenario
 * @param {string} endpoint
 * @param {Plan} plan
 * @param {(text: string) => void} progress
 * @returns {Promise<Outcome>}
 */
export async function runLoad(scenario, endpoint, plan, progress) {
  const { load, name, contestants } = scenario;
  const table = name.replace(/[^\w.-]/g, "_");
  const scaled = (/** @type {number} */ count) =>
    count === 0 ? 0 : Math.max(Math.min(load.inFlight, count), Math.ceil(count * plan.share));
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
  };
  const specOf = (/** @type {Contestant} */ contestant) => ({
    ...base,
    contestant,
    module: contestant === "boundary" ? boundaryAddon : plan.modules[contestant],
  });
  await createTable(endpoint, table);
  await fill(base);

  /** @type {Partial<Record<Contestant, any[]>>} */
  const samples = {};
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const contestant of contestants) {
      progress(`round ${round} of ${plan.rounds}: ${contestant}`);
      if (scenario.refill && round + contestants.indexOf(contestant) > 1) {
        await fill(base);
      }
      (samples[contestant] ??= []).push(await start(specOf(contestant), plan));
    }
  }
  progress("counting requests");
  /** @type {Outcome} */
  const outcome = {};
  for (const contestant of contestants) {
    outcome[contestant] = figuresOf(samples[contestant] ?? []);
    if (contestant !== "boundary") {
      if (scenario.refill) {
        await fill(base);
      }
      outcome[contestant].requests = summarise([await countRequests(specOf(contestant), plan)]);
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
    await start({ ...spec, endpoint: counter.endpoint, warmUp: 0, count: few }, plan);
    return counter.take() / few;
  } finally {
    counter.stop();
  }
}
