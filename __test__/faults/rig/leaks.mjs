// Checks whether a long-running process leaks: under a load without faults but with many rejections (leaks), or at a
// fixed rate with faults (soak).
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { ScriptedServer } from "../../helpers/server.mjs";
import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";
import { createTable, raw } from "../../../scripts/lib/table.mjs";

const load = fileURLToPath(new URL("load.mjs", import.meta.url));

/** The limits for the figures of load.mjs. Memory is measured over the last half. */
const limits = { megabytesPer50000: 1, descriptorsLeft: 0, threadsLeft: 0 };

/** @param {any} result of load.mjs @returns {string[]} the exceeded limits */
export const faultsOf = (result) =>
  Object.entries(limits)
    .filter(([name, limit]) => !(result[name] <= limit))
    .map(([name, limit]) => `${name}: ${result[name]}, and ${limit} at most`);

/** @param {object} given @returns {Promise<any>} the report of load.mjs */
async function runLoad(given) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", load, JSON.stringify(given)],
    // Excludes the machine's AWS settings.
    { env: { PATH: process.env.PATH, HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" } },
  );
  return JSON.parse(stdout);
}

/** Half of the operations are rejected: by the driver, by the endpoint, or by a signal. @param {number} operations */
export async function leaks(operations) {
  const server = await new ScriptedServer({ forgets: true }).start();
  server.decide = ({ request }) =>
    JSON.stringify(request).includes('"fail"')
      ? { status: 400, body: { __type: "x#ValidationException", message: "no" } }
      : { body: { Item: { value: { S: "v" } } } };
  try {
    return await runLoad({ endpoint: server.endpoint, table: "leaks", operations, fail: true });
  } finally {
    server.stop();
  }
}

/**
 * Real operations at a fixed rate, with faults of service and network.
 *
 * @param {string} engine
 * @param {{ minutes: number, rate: number, seed: number }} options
 */
export async function soak(engine, { minutes, rate, seed }) {
  const random = seededRandom(seed);
  const service = await new FaultProxy(engine, random).start();
  service.intensity = 20;
  const network = await new ChaosProxy(service.endpoint, () => {
    const latency = random() < 0.1 ? random() * 10 : 0;
    // One connection in twenty breaks after a random number of bytes.
    const bytes = Math.floor(random() * 100_000);
    return random() < 0.05 ? { latency, responseBytes: bytes } : { latency };
  }).start();
  const table = `soak-${seed}-${process.pid}`;
  await createTable(engine, table);
  try {
    const given = { endpoint: network.endpoint, table, seconds: minutes * 60, rate, seed };
    const result = await runLoad(given);
    const faults = { ...service.faults, connection: network.faults };
    return { minutes, rate, seed, ...result, requests: service.requests, faults };
  } finally {
    await network.stop();
    service.stop();
    await raw(engine, "DeleteTable", { TableName: table });
  }
}
