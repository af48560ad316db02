// The near cache: what a hit costs, and how many requests a cached route of Nitro sends with different times.
import { ask } from "../../scripts/lib/listen.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { dollarsOf } from "./bill.mjs";
import { measured, worker } from "./child.mjs";
import { startCounter } from "./counter.mjs";
import { buildServer, withServer } from "./nitro.mjs";
import { summarise } from "./stats.mjs";

/** @typedef {"without" | "ttl 1 s" | "ttl 5 s" | "ttl 60 s"} Keeper */

/** @type {Record<Keeper, object>} */
const options = {
  without: {},
  "ttl 1 s": { nearCache: { ttl: 1 } },
  "ttl 5 s": { nearCache: { ttl: 5 } },
  "ttl 60 s": { nearCache: { ttl: 60 } },
};
const keepers = /** @type {Keeper[]} */ (Object.keys(options));

const rate = 100; // as in the bill
const seconds = 60;

/** @type {import("./scenarios.mjs").Load} */
const load = { operation: "getItem", size: 1024, keys: 1, inFlight: 1, warmUp: 0, count: 1 };

/** @type {import("./scenarios.mjs").Scenario[]} */
export const nearScenarios = [
  {
    name: "near-hit",
    title: "getItem of 1 KB, answered by the near cache, one at a time",
    kind: "load",
    endpoint: "dynoxide",
    contestants: ["driver"],
    load: { ...load, warmUp: 100_000, count: 1_000_000, options: { nearCache: { ttl: 3600 } } },
  },
  {
    name: "near-route",
    title: "a Nitro server's cached route with `nearCache`, 100 requests/s for a minute",
    kind: "near",
    endpoint: "dynoxide",
    contestants: keepers,
    shows: ["p50", "p99", "readUnits", "dollars"],
    load: { ...load, operation: "hot", count: rate * seconds },
  },
];

export async function buildNearServers() {
  for (const keeper of keepers) await buildServer(keeper, "unstorage-dynamodb", options[keeper]);
}

/** @type {import("./rounds.mjs").Runner} */
export async function runNear({ load: { count }, contestants }, { endpoint }, plan, progress) {
  await createTable(endpoint, "nitro");
  const work = { rate, count: Math.ceil(count * plan.share) };
  /** @type {import("./alternate.mjs").Outcome} */
  const outcome = {};
  for (const contestant of contestants) {
    progress(contestant);
    const counter = await startCounter(endpoint);
    try {
      const run = async (/** @type {string} */ url) => {
        await ask(url);
        counter.reset();
        return measured(process.execPath, [worker("steady"), JSON.stringify({ ...work, url })]);
      };
      const { main, p50, p99 } = await withServer(contestant, { endpoint: counter.endpoint }, run);
      const { requests, readUnits, writeUnits } = counter.totals();
      const dollars = dollarsOf({ readUnits, writeUnits }, { ...load, count: work.count });
      const figures = { main: main / work.count, p50, p99, requests, readUnits, dollars };
      outcome[contestant] = Object.fromEntries(
        Object.entries(figures).map(([metric, value]) => [metric, summarise([value])]),
      );
    } finally {
      counter.stop();
    }
  }
  return outcome;
}
