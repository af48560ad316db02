// What DynamoDB charges for the same jobs with this driver and with others. A proxy counts the units, so every round
// has the same result.
import { credentials, region } from "../../scripts/lib/engine.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { measured, worker } from "./child.mjs";
import { rivalsApp } from "./prepare.mjs";
import { summarise } from "./stats.mjs";

/** @typedef {import("./scenarios.mjs").Load} Load */
/** @typedef {"this driver" | "this driver, compression" | "this driver, index" | "reference" | "@keyv/dynamo" | "bentocache"} Payer */

/** The price in dollars of a million units of an on-demand table in us-east-1. docs/guide/costs.md names the source. */
export const prices = { read: 0.125, write: 0.625 };
export const priceDate = "28 November 2026";

const secondsOfMonth = 30 * 24 * 3600;
const requestsPerSecond = 100;
/** As in the guide's example: 3 of 100 requests find a stale entry and write it again. */
const writingShare = 0.03;

/** How many times per month the counted operations occur. @param {Load} load */
function timesOf({ operation, count }) {
  if (operation === "list" || operation === "purge") {
    const times = secondsOfMonth / (operation === "list" ? 60 : 3600);
    return { reads: times, writes: times };
  }
  const reads = (secondsOfMonth * requestsPerSecond) / count;
  return { reads, writes: reads * writingShare };
}

/**
 * @param {{ readUnits: number, writeUnits: number }} units
 * @param {Load} load
 */
export function dollarsOf({ readUnits, writeUnits }, load) {
  const { reads, writes } = timesOf(load);
  return (readUnits * reads * prices.read + writeUnits * writes * prices.write) / 1e6;
}

/** @type {Record<string, object>} */
const options = {
  "this driver, compression": { compression: "gzip" },
  "this driver, index": { index: "keys" },
};

/** @type {Payer[]} */
const withListing = ["this driver", "this driver, compression", "this driver, index", "reference"];
/** @type {Payer[]} */
const contestants = [...withListing, "@keyv/dynamo", "bentocache"];

/** @typedef {[name: string, title: string, operation: Load["operation"], load?: Partial<Load>]} Job */

/** @param {"html" | "json"} operation @param {string} text @returns {Job[]} */
const texts = (operation, text) =>
  [2, 20, 100].map((kilobytes) => {
    const title = `${text} of ${kilobytes} KB, written and read`;
    return [`${operation}-${kilobytes}KB`, title, operation, { size: kilobytes * 1024 }];
  });

const many = 10_000;

/** @type {Job[]} */
const jobs = [
  ...texts("html", "a page of HTML"),
  ...texts("json", "JSON"),
  ["hot", "1,000 reads of a page of 20 KB by 50 callers", "hot", { count: 1000 }],
  ["sessions", "10,000 sessions, written and read", "sessions", { keys: many, count: many }],
  ["list-1000", "getKeys of 1,000 pages of 20 KB, once a minute", "list", { keys: 1000 }],
  ["list-10000", "getKeys of 10,000 pages of 20 KB, once a minute", "list", { keys: many }],
  ["purge", "clear of 100 of 1,000 pages of 20 KB, once an hour", "purge", { keys: 1000 }],
];

const usual = { size: 20 * 1024, keys: 1, inFlight: 50, warmUp: 0, count: 1 };

/** @type {import("./scenarios.mjs").Scenario[]} */
export const billScenarios = jobs.map(([name, title, operation, load]) => ({
  name: `bill-${name}`,
  title,
  kind: "bill",
  endpoint: "dynoxide",
  contestants: operation === "list" ? withListing : contestants,
  shows: ["sent", "received", "readUnits", "writeUnits", "items", "dollars"],
  load: Object.assign({ operation }, usual, load),
}));

/** @type {import("./rounds.mjs").Runner} */
export async function runBill({ load, contestants: all }, { endpoint }, plan, progress) {
  /** @type {import("./alternate.mjs").Outcome} */
  const outcome = {};
  for (const [number, contestant] of all.entries()) {
    progress(contestant);
    const table = `bill-${number}`;
    const isOurs = contestant.startsWith("this driver");
    const own = options[contestant] ?? {};
    if (contestant !== "@keyv/dynamo") {
      await createTable(endpoint, table, undefined, undefined, "index" in own ? "keys" : undefined);
    }
    const module = plan.modules[isOurs ? "driver" : "reference"];
    const where = { contestant, module, rivals: rivalsApp, table, endpoint, region, credentials };
    const spec = JSON.stringify({ ...load, ...where, options: own });
    const env = isOurs ? plan.driverEnv : {};
    const counts = await measured(process.execPath, [worker("bill"), spec], env);
    const figures = Object.entries({ ...counts, dollars: dollarsOf(counts, load) });
    outcome[contestant] = Object.fromEntries(
      figures.map(([metric, value]) => [metric, summarise([value])]),
    );
  }
  return outcome;
}
