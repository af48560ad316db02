// Many processes that contend for the documented lock, limiter and counter, and for items that they write on condition.
// With faults, the network and the service fail, requests are overtaken by later ones, and processes are killed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { seededRandom } from "../../../scripts/lib/random.mjs";
import { createTable, raw } from "../../../scripts/lib/table.mjs";
import { documentedExamples } from "../../helpers/documented.mjs";
import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { fate } from "./nothing-lost.mjs";
import { executedOf, judge } from "./witness.mjs";

const contender = fileURLToPath(new URL("./contender.mjs", import.meta.url));
const page = "docs/guide/concurrency.md";
/** The calls that the limiter admits. */
const limit = 20;

/** The run with faults: 6 processes at a time, each killed and replaced up to three times. */
export const underFaults = {
  processes: 6,
  workers: { lock: 2, counter: 3, limiter: 1, swap: 4 },
  rounds: 12,
  ttl: 2,
  kills: 3,
  bytesPerLife: 150_000,
  faults: true,
};

/**
 * @typedef {object} Contention
 * @property {number} seed
 * @property {number} processes
 * @property {{ [kind in "lock" | "limiter" | "counter" | "swap"]?: number }} workers of each kind in each process
 * @property {number} rounds calls of each worker
 * @property {number} ttl of the lock in seconds
 * @property {number} [kills] how often each process is killed, at a random byte, and replaced; default: never
 * @property {number} [bytesPerLife] the average number of bytes before that
 * @property {boolean} [faults] of the network and the service; default: none
 */

/**
 * @param {string} engine the endpoint of a real engine
 * @param {Contention} given
 */
export async function contention(engine, given) {
  const { seed, processes, workers, rounds, ttl, faults = false } = given;
  const { kills = 0, bytesPerLife = 0 } = given;
  const random = seededRandom(seed);
  const table = `contention-${seed}-${process.pid}`;
  const examples = await documentedExamples(page);
  const service = await new FaultProxy(engine, random, { overtakes: faults }).start();
  if (!faults) service.intensity = 1e-9;
  /** @type {import("./witness.mjs").Executed[]} */
  const history = [];
  service.onExecuted = ({ operation, request }) => {
    const write = executedOf(operation, request);
    if (write) history.push(write);
  };
  await createTable(engine, table);
  /** @type {Map<string, any>} */
  const calls = new Map();
  let [killed, cut] = [0, 0];

  /** @param {number} index @param {number} life */
  async function live(index, life) {
    const network = await new ChaosProxy(service.endpoint, () =>
      faults ? fate(random) : {},
    ).start();
    const own = { seed: seed + index * 101 + life * 7919, who: `${index}.${life}` };
    const job = { examples: examples.folder, ...own, rounds, workers, ttl, limit };
    const limits = faults ? { connectTimeout: 1000, attemptTimeout: 1000, timeout: 4000 } : {};
    const options = {
      table,
      endpoint: network.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "LOCAL", secretAccessKey: "local" },
      ...limits,
    };
    const child = spawn(process.execPath, [contender, JSON.stringify(job)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env.PATH,
        AWS_EC2_METADATA_DISABLED: "true",
        EXAMPLE_OPTIONS: JSON.stringify(options),
      },
    });
    const exited = once(child, "exit");
    const until = life < kills ? random() * 2 * bytesPerLife : Infinity;
    network.onBytes = (bytes) => void (bytes >= until && child.kill("SIGKILL"));
    for await (const line of createInterface({ input: child.stdout })) {
      // Only the last line of a killed process can be truncated, and its call had not started.
      if (!line.endsWith("}")) continue;
      const report = JSON.parse(line);
      calls.set(report.call, { ...calls.get(report.call), ...report });
    }
    const [code, signal] = await exited;
    if (code !== 0 && signal !== "SIGKILL")
      throw new Error(`a contender ended with ${code ?? signal}`);
    killed += Number(signal === "SIGKILL");
    cut += network.faults;
    await network.stop();
  }

  try {
    await Promise.all(
      Array.from({ length: processes }, async (_, index) => {
        for (let life = 0; life <= kills; life += 1) await live(index, life);
      }),
    );
    // Also until the last overtaken request has been executed.
    while (service.inFlight > 0 || service.overtaken > 0) await sleep(10);
    const all = [...calls.values()];
    /** @type {{ [kind: string]: { [outcome: string]: number } }} */
    const outcomes = {};
    for (const { kind, outcome = "killed" } of all) {
      const counts = (outcomes[kind] ??= {});
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return {
      seed,
      calls: all.length,
      outcomes,
      faults: { ...service.faults, connection: cut },
      kills: killed,
      executed: history.length,
      held: all.filter(({ from }) => from !== undefined).length,
      counted: history.filter(({ key }) => key === "counter").length,
      unknown: unknownOf(all, history),
      problems: judge(all, history, { limit }),
    };
  } finally {
    service.stop();
    examples.remove();
    await raw(engine, "DeleteTable", { TableName: table });
  }
}

/** Adds up the numbers of several runs. @param {any[]} results @returns {any} */
export function total(results) {
  const parts = results.filter((one) => one !== undefined);
  if (parts.every((one) => typeof one === "number"))
    return parts.reduce((sum, one) => sum + one, 0);
  if (parts.every(Array.isArray)) return parts.flat();
  const names = new Set(parts.flatMap((one) => Object.keys(one)));
  names.delete("seed");
  return Object.fromEntries([...names].map((name) => [name, total(parts.map((one) => one[name]))]));
}

/**
 * How many conditional writes of unknown outcome were executed, and how many were not.
 *
 * @param {import("./witness.mjs").Call[]} calls
 * @param {import("./witness.mjs").Executed[]} history
 */
function unknownOf(calls, history) {
  const values = new Set(history.map(({ value }) => value?.S));
  const unknown = calls.filter(
    ({ kind, outcome }) => kind === "swap" && outcome === "ERR_DYNAMODB_OUTCOME_UNKNOWN",
  );
  const executed = unknown.filter(({ call }) => values.has(call)).length;
  return { executed, not: unknown.length - executed };
}
