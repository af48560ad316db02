// What is measured: the scenarios, how often each is repeated, and who takes part.
import { billScenarios } from "./bill.mjs";
import { nearScenarios } from "./near.mjs";

/** @typedef {"driver" | "reference" | "bundled" | "bare" | "boundary" | Rival | InRust | import("./bill.mjs").Payer | import("./near.mjs").Keeper} Contestant */
/** @typedef {"lean" | "@aws-lite/dynamodb"} Rival a module of bench/rivals/ */
/** @typedef {"floor" | "hyper-util (Rust)" | "aws-sdk-dynamodb (Rust)"} InRust a mode of bench/floor/ */
/** @typedef {"html" | "json" | "hot" | "sessions" | "list" | "purge"} Job of the bill */

/**
 * @typedef {object} Load what a contestant is asked to do; the fixed part of its spec
 * @property {"getItem" | "setItem" | "getItems" | "getKeys" | "clear" | Job} operation
 * @property {number} size bytes of a value
 * @property {import("./values.mjs").Text} [text]
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
 * @property {number} [rounds] at most, for those that take long
 */

/** All that read and write single items: drivers and clients in JavaScript, then those in Rust. @type {Contestant[]} */
const everyone = [
  "driver",
  "reference",
  "lean",
  "@aws-lite/dynamodb",
  "aws-sdk-dynamodb (Rust)",
  "hyper-util (Rust)",
  "floor",
];

/**
 * @typedef {object} Size
 * @property {string} label
 * @property {number} size
 * @property {import("./values.mjs").Text} text
 * @property {number} keys many more than reads in flight, because the driver joins simultaneous reads of one key
 * @property {number} count enough to keep the slower contestants busy for a second or two; the same for all
 */
/** @type {Record<string, Size>} */
const sizes = {
  small: { label: "1 KB", size: 1024, text: "json", keys: 1000, count: 4000 },
  large: { label: "64 KB", size: 64 * 1024, text: "page", keys: 200, count: 400 },
  huge: { label: "380 KB", size: 380 * 1024, text: "page", keys: 100, count: 120 },
};

const operations = /** @type {const} */ (["getItem", "setItem"]);

/**
 * Reads and writes of one size. Their names begin with their family, so that `--only` can select it.
 *
 * @param {keyof typeof sizes} kind
 * @param {number} inFlight
 * @param {object} [options]
 * @param {"large" | "tls"} [options.family]
 * @param {Contestant[]} [options.readers] those that only take part in reads
 * @returns {Scenario[]}
 */
const items = (kind, inFlight, { family, readers = [] } = {}) =>
  operations.map((operation) => {
    const { label, count, ...value } = /** @type {Size} */ (sizes[kind]);
    const overTls = family === "tls" ? " over TLS" : "";
    const all = inFlight === 1 ? 1500 : count;
    return {
      name: `${family ? `${family}-` : ""}${operation}-${label.replace(" ", "")}-${inFlight}`,
      title: `${operation} of ${label}${overTls}, ${inFlight} in flight`,
      kind: "load",
      endpoint: overTls ? "tls" : "dynoxide",
      contestants: operation === "getItem" ? [...everyone, ...readers] : everyone,
      // V8 still optimises a lean client after thousands of operations.
      load: { operation, inFlight, warmUp: 2 * all, count: all, ...value },
    };
  });

/** @type {Scenario[]} */
const loads = [
  ...items("small", 1),
  ...items("small", 64, { readers: ["bare", "boundary"] }),
  ...items("large", 16, { family: "large" }),
  ...items("huge", 16, { family: "large" }),
  ...items("small", 1, { family: "tls" }),
  ...items("small", 64, { family: "tls" }),
  ...items("large", 16, { family: "tls" }),
];

/** @type {Load} */
const one = { operation: "getItem", size: 1024, keys: 1000, inFlight: 1, warmUp: 0, count: 1 };

/** @type {Pick<Scenario, "kind" | "contestants" | "load">} */
const cold = {
  kind: "cold",
  contestants: ["driver", "reference", "bundled"],
  load: { ...one, keys: 1 },
};

/** @type {Pick<Scenario, "kind" | "shows" | "load">} */
const nitro = {
  kind: "nitro",
  shows: ["p50", "p99", "rss"],
  load: { ...one, inFlight: 64, warmUp: 2000, count: 6000 },
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
    rounds: 3,
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
    rounds: 3,
    load: { ...one, operation: "clear", keys: 20_000 },
  },
  {
    name: "memory-100000",
    title: "100,000 reads of 1 KB, 64 in flight",
    shows: ["rss"],
    rounds: 2,
    load: { ...one, inFlight: 64, count: 100_000 },
  },
  { name: "cold", title: "import to first answer, in a new process", ...cold },
  {
    name: "tls-cold",
    title: "import to first answer over TLS, in a new process",
    endpoint: "tls",
    ...cold,
  },
  { name: "nitro", title: "a Nitro server's cached route, 64 connections", ...nitro },
  {
    name: "tls-nitro",
    title: "a Nitro server's cached route, 64 connections, DynamoDB over TLS",
    endpoint: "tls",
    ...nitro,
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
  ...loads,
  ...others.map((scenario) => Object.assign({}, usual, scenario)),
  ...nearScenarios,
  ...billScenarios,
];

/** The metrics of a scenario that are shown. The JSON contains all. @param {Scenario} scenario */
export const shownOf = ({ shows = [] }) =>
  ["throughput", "wall", "cpu", "main", "delayP99", "peakRss", "requests"].concat(shows);

/** @param {string[]} [names] full names or prefixes: `tls` selects a family */
export const chosen = (names = [""]) =>
  scenarios.filter(({ name }) => names.some((wanted) => name.startsWith(wanted)));
