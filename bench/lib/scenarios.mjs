// What is measured: the scenarios, how often each is repeated, and who takes part.
import { billScenarios } from "./bill.mjs";
import { nearScenarios } from "./near.mjs";

/** @typedef {"driver" | "reference" | "bundled" | "bare" | "floor" | "boundary" | import("./bill.mjs").Payer | import("./near.mjs").Keeper} Contestant */
/** @typedef {"html" | "json" | "hot" | "sessions" | "list" | "purge"} Job of the bill */

/**
 * @typedef {object} Load what a contestant is asked to do; the fixed part of its spec
 * @property {"getItem" | "setItem" | "getItems" | "getKeys" | "clear" | Job} operation
 * @property {number} size bytes of a value
 * @property {number} keys items in the table that are used in turn
 * @property {number} inFlight
 * @property {number} warmUp operations before the measured ones
 * @property {number} count operations measured
 * @property {object} [options] of the driver
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {"load" | "cold" | "nitro" | "size" | "bill" | "near"} kind
 * @property {"dynoxide" | "tls" | "pages"} endpoint
 * @property {Contestant[]} contestants
 * @property {Load} load
 * @property {string[]} [shows] metrics that are shown in addition to the usual ones
 * @property {boolean} [refill] the table is refilled for every process
 */

/** Enough to keep the slower contestant busy for about a second. Both perform the same number. */
const counts = /** @type {const} */ ([
  ["256 B", 256, [2000, 6000, 6000]],
  ["1 KB", 1024, [2000, 6000, 6000]],
  ["64 KB", 64 * 1024, [600, 1200, 1200]],
  ["380 KB", 380 * 1024, [120, 240, 512]],
]);

/** @param {"getItem" | "setItem"} operation @returns {Scenario[]} */
const items = (operation) =>
  counts.flatMap(([label, size, countsOfSize]) =>
    [1, 64, 512].map((inFlight, index) => {
      const count = countsOfSize[index] ?? 0;
      const isMain = operation === "getItem" && size === 1024 && inFlight === 64;
      /** @type {Contestant[]} */
      const contestants = ["driver", "reference"];
      // The floor is measured only if a target depends on it.
      if (size === 1024) contestants.push("floor");
      if (isMain) contestants.push("bare", "boundary");
      return {
        name: `${operation}-${label.replace(" ", "")}-${inFlight}`,
        title: `${operation} of ${label}, ${inFlight} in flight`,
        kind: "load",
        endpoint: "dynoxide",
        contestants,
        load: {
          operation,
          size,
          keys: size > 10_000 ? 20 : 1000,
          inFlight,
          warmUp: Math.max(inFlight, Math.ceil(count / 4)),
          count,
        },
      };
    }),
  );

/** @type {Load} */
const one = { operation: "getItem", size: 1024, keys: 1000, inFlight: 1, warmUp: 0, count: 1 };

/** @type {Pick<Scenario, "kind" | "contestants" | "load">} */
const cold = {
  kind: "cold",
  contestants: ["driver", "reference", "bundled"],
  load: { ...one, keys: 1 },
};

/** @type {(Pick<Scenario, "name" | "title" | "load"> & Partial<Scenario>)[]} */
const others = [
  {
    name: "getItems-100",
    title: "getItems of 100 items of 1 KB, one call at a time",
    load: { ...one, operation: "getItems", warmUp: 15, count: 60 },
  },
  {
    name: "getKeys-60000",
    title: "getKeys of 60,000 items of 1 KB",
    load: { ...one, operation: "getKeys", keys: 60_000 },
  },
  {
    name: "getKeys-60000-pages",
    title: "getKeys of 60,000 items of 1 KB, pages of 1 MB that take 40 ms",
    endpoint: "pages",
    load: { ...one, operation: "getKeys", keys: 60_000 },
  },
  {
    name: "clear-20000",
    title: "clear of 20,000 items of 1 KB",
    shows: ["growth"],
    refill: true,
    load: { ...one, operation: "clear", keys: 20_000 },
  },
  {
    name: "memory-100000",
    title: "100,000 reads of 1 KB, 64 in flight",
    shows: ["rss"],
    load: { ...one, inFlight: 64, count: 100_000 },
  },
  { name: "cold", title: "import to first answer, in a new process", ...cold },
  {
    name: "cold-tls",
    title: "import to first answer over TLS, in a new process",
    endpoint: "tls",
    ...cold,
  },
  {
    name: "nitro",
    title: "a Nitro server's cached route, 64 connections",
    kind: "nitro",
    shows: ["p50", "p99", "rss"],
    load: { ...one, inFlight: 64, warmUp: 2000, count: 6000 },
  },
  {
    name: "size",
    title: "what is installed",
    shows: ["bytes", "files"],
    ...cold,
    kind: "size",
  },
];

/** @type {Omit<Scenario, "name" | "title" | "load">} */
const usual = { kind: "load", endpoint: "dynoxide", contestants: ["driver", "reference"] };

/** @type {Scenario[]} */
export const scenarios = [
  ...items("getItem"),
  ...items("setItem"),
  ...others.map((scenario) => Object.assign({}, usual, scenario)),
  ...nearScenarios,
  ...billScenarios,
];

/** The metrics of a scenario that are shown. The JSON contains all. @param {Scenario} scenario */
export const shownOf = ({ shows = [] }) =>
  ["throughput", "wall", "cpu", "main", "delayP99", "peakRss", "requests"].concat(shows);

/** @param {string[]} [names] full names or prefixes: `getItem-1KB` selects three */
export const chosen = (names = [""]) =>
  scenarios.filter(({ name }) => names.some((wanted) => name.startsWith(wanted)));
