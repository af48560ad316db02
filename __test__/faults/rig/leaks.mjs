// Whether a long life leaves anything behind: the same load without faults but with many rejections (leaks), or at a fixed
// rate under chaos (soak).
import { fileURLToPath } from "node:url";

import { start } from "../../../scripts/lib/process.mjs";
import { ScriptedServer } from "../../helpers/server.mjs";
import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";
import { createTable, raw } from "../../../scripts/lib/table.mjs";

const load = fileURLToPath(new URL("load.mjs", import.meta.url));

/** What the last half may grow by, in megabytes for 50,000 operations. */
export const slopeAtMost = 1;

/** @param {any} result of load.mjs @returns {string[]} what is not as it must be */
export function faultsOf(result) {
  const found = [];
  if (result.megabytesPer50000.rss > slopeAtMost) {
    found.push(`memory grows by ${result.megabytesPer50000.rss} MB for 50,000 operations`);
  }
  if (result.descriptorsLeft > 0) {
    found.push(`${result.descriptorsLeft} descriptors are left`);
  }
  if (result.threadsLeft > 0) {
    found.push(`${result.threadsLeft} threads are left`);
  }
  return found;
}

/** @param {object} given @returns {Promise<any>} what load.mjs reports */
async function runLoad(given) {
  const { output, exited } = start(process.execPath, ["--expose-gc", load, JSON.stringify(given)], {
    stdout: "kept",
    // Nothing of the machine's own AWS settings.
    env: { PATH: process.env.PATH, HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" },
  });
  const code = await exited;
  if (code !== 0) {
    throw new Error(`load.mjs ended with ${code}: ${output.stdout}`);
  }
  return JSON.parse(output.stdout);
}

/**
 * Half of the operations reject: refused here, refused there, or stopped.
 *
 * @param {number} operations
 */
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
 * Real operations at a fixed rate, through faults of service and network.
 *
 * @param {string} engine
 * @param {{ minutes: number, rate: number, seed: number, intensity?: number }} options
 */
export async function soak(engine, { minutes, rate, seed, intensity = 20 }) {
  const random = seededRandom(seed);
  const service = await new FaultProxy(engine, random).start();
  service.intensity = intensity;
  const network = await new ChaosProxy(service.endpoint, () => {
    const latency = random() < 0.1 ? random() * 10 : 0;
    // One connection in twenty breaks at some byte.
    return random() < 0.05
      ? { latency, responseBytes: Math.floor(random() * 100_000) }
      : { latency };
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
