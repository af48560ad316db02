// The targets of the driver, compared with the reference or another contestant in the same run.
import { advantage, ratio } from "./stats.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */
/** @typedef {{ title: string, wanted: string, reached: string, met: boolean }} Verdict */
/** @typedef {import("./scenarios.mjs").Contestant} Contestant */

/**
 * @typedef {object} Target
 * @property {string} title
 * @property {string} scenario
 * @property {string} metric
 * @property {number} times the required ratio of the other's figure to the driver's, or the inverse for a throughput
 * @property {Contestant} [against] default: the reference
 * @property {boolean} [orEngineLimit] also met if the floor is less than 10 % faster
 */

/** @type {Target[]} */
const againstReference = /** @type {[string, string, string, number, boolean?][]} */ ([
  ["getItem 1 KB, 64 in flight: processor time", "getItem-1KB-64", "cpu", 12],
  ["getItem 1 KB, 64 in flight: main thread", "getItem-1KB-64", "main", 40],
  ["getItem 1 KB, 64 in flight: throughput", "getItem-1KB-64", "throughput", 12, true],
  ["setItem 1 KB, 64 in flight: processor time", "setItem-1KB-64", "cpu", 10],
  ["getItem 1 KB, one at a time: processor time", "getItem-1KB-1", "cpu", 4],
  ["getItem 1 KB, one at a time: time", "getItem-1KB-1", "wall", 2.5],
  ["cold start: processor time", "cold", "cpu", 15],
  ["cold start over TLS: processor time", "tls-cold", "cpu", 12],
  ["getItem 64 KB, 16 in flight: processor time", "large-getItem-64KB-16", "cpu", 10],
  ["getItem 64 KB, 16 in flight: main thread", "large-getItem-64KB-16", "main", 20],
  ["getItem 380 KB, 16 in flight: processor time", "large-getItem-380KB-16", "cpu", 6],
  ["getItem 380 KB, 16 in flight: main thread", "large-getItem-380KB-16", "main", 12],
  ["setItem 64 KB, 16 in flight: processor time", "large-setItem-64KB-16", "cpu", 10],
  ["setItem 64 KB, 16 in flight: main thread", "large-setItem-64KB-16", "main", 30],
  ["setItem 380 KB, 16 in flight: processor time", "large-setItem-380KB-16", "cpu", 6],
  ["setItem 380 KB, 16 in flight: main thread", "large-setItem-380KB-16", "main", 20],
  ["setItem 380 KB, 16 in flight: peak RSS", "large-setItem-380KB-16", "peakRss", 1.2],
  ["getKeys of 60,000, pages of 40 ms: time", "getKeys-60000-pages", "wall", 8],
  ["getKeys of 60,000, pages of 40 ms: processor time", "getKeys-60000-pages", "cpu", 8],
  ["clear of 20,000: time", "clear-20000", "wall", 3],
  ["RSS after 100,000 reads", "memory-100000", "rss", 2],
  ["Nitro cached route: requests/s", "nitro", "throughput", 3],
  ["Nitro cached route: p99", "nitro", "p99", 3],
]).map(([title, scenario, metric, times, orEngineLimit = false]) => ({
  title,
  scenario,
  metric,
  times,
  orEngineLimit,
}));

/** @type {Target[]} */
const againstLean = /** @type {[string, string, string, number][]} */ ([
  ["getItem 1 KB, 64 in flight, lean: processor time", "getItem-1KB-64", "cpu", 2],
  ["getItem 1 KB, 64 in flight, lean: main thread", "getItem-1KB-64", "main", 8],
  ["getItem 1 KB over TLS, 64 in flight, lean: processor time", "tls-getItem-1KB-64", "cpu", 2.5],
  ["getItem 1 KB over TLS, 64 in flight, lean: main thread", "tls-getItem-1KB-64", "main", 9],
]).map(([title, scenario, metric, times]) => ({
  title,
  scenario,
  metric,
  times,
  against: "lean",
}));

export const targets = [...againstReference, ...againstLean];

const times = (/** @type {number} */ value) => `${value.toFixed(value < 10 ? 2 : 1)}×`;

/** The maximum lead of the floor over the driver when the engine limits both. */
const engineMargin = 1.1;

/**
 * @param {Target} target
 * @param {Record<string, Outcome>} outcomes by scenario
 * @returns {Verdict | undefined} undefined if the scenario was not run
 */
export function judge(target, outcomes) {
  const { title, scenario, metric, against, orEngineLimit } = target;
  const outcome = outcomes[scenario];
  const value = advantage(outcome, metric, against);
  if (value === undefined) {
    return undefined;
  }
  const { floor, driver } = outcome ?? {};
  const more = orEngineLimit ? ratio(floor?.[metric], driver?.[metric]) : undefined;
  const direction = metric === "throughput" ? "more" : "less";
  return {
    title,
    wanted: `≥ ${times(target.times)} ${direction}${orEngineLimit ? ", or the engine's limit" : ""}`,
    reached: `${times(value)}${more === undefined ? "" : `, the floor gets ${times(more)} of it`}`,
    met: value >= target.times || (more !== undefined && more < engineMargin),
  };
}

const medianOf = (/** @type {import("./stats.mjs").Summary | undefined} */ summary) =>
  summary?.median ?? Number.NaN;

/**
 * Absolute targets, and the conditions of the benchmark itself.
 *
 * @param {Record<string, Outcome>} outcomes
 * @returns {Verdict[]}
 */
export function judgeLimits(outcomes) {
  const { driver, floor, boundary, reference, bare } = outcomes["getItem-1KB-64"] ?? {};
  const growth = medianOf(outcomes["clear-20000"]?.driver?.["growth"]);
  const floorCpu = medianOf(floor?.cpu);
  const call = floorCpu + medianOf(boundary?.cpu);
  const overhead = ratio(reference?.wall, bare?.wall) ?? Number.NaN;
  const against =
    "stretch: getItem 1 KB, 64 in flight: processor time against signed request + empty call";
  /** @type {[title: string, reached: number, limit: number, unit: string][]} */
  const limits = [
    [against, medianOf(driver?.cpu) / call, 1.6, "×"],
    ["the bench itself: processor time of the floor per request", floorCpu, 20, " µs"],
    ["clear of 20,000: peak RSS above idle", growth / 1024 / 1024, 40, " MB"],
    ["the bench itself: the reference against a bare GetCommand loop", overhead, 1.1, "×"],
  ];
  return limits
    .filter(([, reached]) => !Number.isNaN(reached))
    .map(([title, reached, limit, unit]) => ({
      title,
      wanted: unit === "×" ? `≤ ${times(limit)}` : `≤ ${limit}${unit}`,
      reached: unit === "×" ? times(reached) : `${reached.toFixed(1)}${unit}`,
      met: reached <= limit,
    }));
}

/** @param {Record<string, Outcome>} outcomes @returns {Verdict[]} */
export const judgeAll = (outcomes) => [
  ...targets.flatMap((target) => judge(target, outcomes) ?? []),
  ...judgeLimits(outcomes),
];
