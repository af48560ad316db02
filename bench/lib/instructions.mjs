// Counts instructions per operation with callgrind, of the main thread and of all others.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { credentials, region, startServer } from "../../scripts/lib/engine.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { Failure } from "../../scripts/lib/steps.mjs";
import { inherited, worker } from "./child.mjs";
import { benchCache, valueFile } from "./values.mjs";

/** @typedef {{ main: number, others: number }} Instructions */

/**
 * @typedef {object} Case
 * @property {"getItem" | "setItem"} operation
 * @property {number} size
 * @property {import("./values.mjs").Text} text
 * @property {number} warmUp
 * @property {readonly [number, number]} counts both runs include the start of the process; their difference does not
 */

/**
 * @typedef {{ addon?: string, isSlowed?: boolean }} Variant another binary than the repository's; 20 % more operations
 * than reported
 */

/** The maximum relative increase over the baseline. */
export const allowance = 0.15;

/** To prove that the guard works, every fifth operation is performed twice: 20 % more. */
const twiceEvery = 5;

/** The number of requests in flight. All counts are multiples of it, even if every fifth operation is doubled. */
const inFlight = 8;

/** @type {Omit<Case, "operation">} */
const small = { size: 1024, text: "json", warmUp: 200, counts: [160, 480] };
// Fewer, because the garbage of more would be collected.
/** @type {Omit<Case, "operation">} */
const large = { size: 64 * 1024, text: "page", warmUp: 40, counts: [40, 120] };

/** What is counted, by its name in the baseline. @type {Record<string, Case>} */
export const cases = {
  getItem: { operation: "getItem", ...small },
  setItem: { operation: "setItem", ...small },
  "getItem-64KB": { operation: "getItem", ...large },
  "setItem-64KB": { operation: "setItem", ...large },
};

const valueOfCase = (/** @type {Case} */ { size, text }) => valueFile(size, text);

/** Starts the server with constant responses as a child process. @param {Case} one */
function startCanned(one) {
  const parameters = [worker("canned"), valueOfCase(one), String(inFlight)];
  return startServer("canned.mjs", process.execPath, parameters);
}

// With one thread and no compilation at run time, V8 does the same in every run. Garbage collection is off: one
// collection costs as much as a hundred reads, and may or may not occur within a run.
const nodeFlags =
  "--jitless --single-threaded --predictable --no-memory-reducer --min-semi-space-size=64 --max-semi-space-size=64";

/**
 * @param {Case} one
 * @param {string} endpoint
 * @param {number} count
 * @param {Variant} variant
 * @returns {Instructions}
 */
function runCounted(one, endpoint, count, { addon, isSlowed }) {
  const directory = path.join(benchCache, "callgrind");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const spec = {
    contestant: "driver",
    module: inProject("index.mjs"),
    operation: one.operation,
    keys: 100,
    inFlight,
    warmUp: one.warmUp,
    count,
    isCounted: true,
    endpoint,
    table: "guard",
    region,
    credentials,
    // Valgrind slows the process down fifty times.
    options: { connectTimeout: 0, attemptTimeout: 0, timeout: 0 },
    valueFile: valueOfCase(one),
    ...(isSlowed ? { twiceEvery } : {}),
  };
  const out = `--callgrind-out-file=${path.join(directory, "out")}`;
  const valgrind = ["--tool=callgrind", "--separate-threads=yes", out];
  const node = [process.execPath, ...nodeFlags.split(" "), worker("load"), JSON.stringify(spec)];
  const { status, stderr } = spawnSync("valgrind", [...valgrind, ...node], {
    env: { ...inherited, ...(addon ? { NAPI_RS_NATIVE_LIBRARY_PATH: path.resolve(addon) } : {}) },
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) {
    throw new Failure(`valgrind failed (exit code ${status}):\n${stderr}`);
  }
  const sum = { main: 0, others: 0 };
  for (const file of readdirSync(directory)) {
    const thread = /^out-(\d+)$/.exec(file)?.[1];
    const text = readFileSync(path.join(directory, file), "utf8");
    const total = Number(/^totals: (\d+)$/m.exec(text)?.[1] ?? 0);
    if (thread) {
      sum[Number(thread) === 1 ? "main" : "others"] += total;
    }
  }
  return sum;
}

/** @param {Case} one @param {Variant} variant @returns {Promise<Instructions>} */
export async function instructionsPerOperation(one, variant) {
  const [few, many] = one.counts;
  const server = await startCanned(one);
  try {
    const start = runCounted(one, server.endpoint, few, variant);
    const all = runCounted(one, server.endpoint, many, variant);
    const each = (/** @type {keyof Instructions} */ part) =>
      Math.round((all[part] - start[part]) / (many - few));
    return { main: each("main"), others: each("others") };
  } finally {
    await server.stop();
  }
}

/** @param {Record<string, Instructions>} measured @param {Record<string, Instructions>} baseline */
export function judge(measured, baseline) {
  return Object.entries(measured).flatMap(([operation, now]) =>
    /** @type {const} */ (["main", "others"]).map((part) => {
      const before = baseline[operation]?.[part] ?? 0;
      const change = now[part] / before - 1;
      // Without a baseline, the check fails.
      const passed = before > 0 && change <= allowance;
      const name = `${operation}, ${part === "main" ? "main thread" : "other threads"}`;
      return { name, operation, before, now: now[part], change, passed };
    }),
  );
}

/**
 * @param {Record<string, Instructions>} measured
 * @param {Record<string, Instructions>} baseline
 * @returns {string[]} the operations that exceed the limit
 */
export function failing(measured, baseline) {
  const failed = judge(measured, baseline).filter(({ passed }) => !passed);
  return [...new Set(failed.map(({ operation }) => operation))];
}

/**
 * Keeps the lower of two counts for each part.
 * @param {Record<string, Instructions>} measured
 * @param {Record<string, Instructions>} again
 */
export function lower(measured, again) {
  for (const [operation, { main, others }] of Object.entries(again)) {
    const first = measured[operation] ?? { main, others };
    measured[operation] = {
      main: Math.min(first.main, main),
      others: Math.min(first.others, others),
    };
  }
}
