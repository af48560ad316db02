// Instructions per operation, by callgrind: of the main thread, and of all others together.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { credentials, region, startServer } from "../../scripts/lib/engine.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { Failure } from "../../scripts/lib/steps.mjs";
import { inherited, worker } from "./child.mjs";
import { benchCache, valueFile } from "./values.mjs";

/** @typedef {{ main: number, others: number }} Instructions */

/** @typedef {{ addon?: string, isSlowed?: boolean }} Variant another binary than the repository's; 20 % more than it says */

/** By how much a figure may exceed its baseline. */
export const allowance = 0.15;

/** Every fifth operation is done twice where the guard is to prove itself: 20 % more of everything. */
const twiceEvery = 5;

/** The start of the process is in both counts, and falls out of their difference. */
const counts = /** @type {const} */ ([160, 480]);

/** Requests under way, of which all counts are a multiple, also where each fifth is doubled. */
const inFlight = 8;

/** The server whose answers never differ, in a process of its own. */
export function startCanned() {
  const parameters = [worker("canned"), valueFile(1024), String(inFlight)];
  return startServer("canned.mjs", process.execPath, parameters);
}

// Without a compiler at run time, and with one thread, V8 does the same in every run. It collects no garbage: one
// collection costs as much as a hundred reads, and falls into one of the two runs or into none by chance.
const nodeFlags =
  "--jitless --single-threaded --predictable --no-memory-reducer --min-semi-space-size=64 --max-semi-space-size=64";

/**
 * @param {string} operation
 * @param {string} endpoint
 * @param {number} count
 * @param {Variant} variant
 * @returns {Instructions}
 */
function runCounted(operation, endpoint, count, { addon, isSlowed }) {
  const directory = path.join(benchCache, "callgrind");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const spec = {
    contestant: "driver",
    module: inProject("index.mjs"),
    operation,
    keys: 100,
    inFlight,
    warmUp: 200,
    count,
    isCounted: true,
    endpoint,
    table: "guard",
    region,
    credentials,
    // Valgrind takes fifty times as long.
    options: { connectTimeout: 0, attemptTimeout: 0, timeout: 0 },
    valueFile: valueFile(1024),
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

/** @param {string} operation @param {string} endpoint @param {Variant} variant @returns {Instructions} */
export function instructionsPerOperation(operation, endpoint, variant) {
  const [few, many] = counts;
  const start = runCounted(operation, endpoint, few, variant);
  const all = runCounted(operation, endpoint, many, variant);
  const each = (/** @type {keyof Instructions} */ part) =>
    Math.round((all[part] - start[part]) / (many - few));
  return { main: each("main"), others: each("others") };
}

/** @param {Record<string, Instructions>} measured @param {Record<string, Instructions>} baseline */
export function judge(measured, baseline) {
  return Object.entries(measured).flatMap(([operation, now]) =>
    /** @type {const} */ (["main", "others"]).map((part) => {
      const before = baseline[operation]?.[part] ?? 0;
      const change = now[part] / before - 1;
      // Not to be compared is not to have passed.
      const passed = before > 0 && change <= allowance;
      const name = `${operation}, ${part === "main" ? "main thread" : "other threads"}`;
      return { name, operation, before, now: now[part], change, passed };
    }),
  );
}

/**
 * @param {Record<string, Instructions>} measured
 * @param {Record<string, Instructions>} baseline
 * @returns {string[]} the operations that cost more than they may
 */
export function failing(measured, baseline) {
  const failed = judge(measured, baseline).filter(({ passed }) => !passed);
  return [...new Set(failed.map(({ operation }) => operation))];
}

/**
 * Keeps the lower of two counts of the same, part by part.
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
