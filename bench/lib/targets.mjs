// What the driver is to reach, against the reference in the same run, and whether it did.
import { ratio } from "./stats.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */
/** @typedef {import("./scenarios.mjs").Contestant} Contestant */

/**
 * @typedef {object} Target
 * @property {string} title
 * @property {string} scenario
 * @property {string} metric
 * @property {number} times how often the driver's figure must go into the other's (`more`: the other way round)
 * @property {"less" | "more"} [better] default: less
 * @property {Contestant} [against] default: the reference
 * @property {boolean} [orEngineLimit] also met where the floor gets less than 10 % more
 */

/**
 * @typedef {object} Verdict
 * @property {string} title
 * @property {string} wanted
 * @property {string} reached
 * @property {boolean} met
 */

/** @type {Target[]} */
export const targets = [
  {
    title: "getItem 1 KB, 64 in flight: processor time",
    scenario: "getItem-1KB-64",
    metric: "cpu",
    times: 12,
  },
  {
    title: "getItem 1 KB, 64 in flight: main thread",
    scenario: "getItem-1KB-64",
    metric: "main",
    times: 40,
  },
  {
    title: "getItem 1 KB, 64 in flight: throughput",
    scenario: "getItem-1KB-64",
    metric: "throughput",
    times: 12,
    better: "more",
    orEngineLimit: true,
  },
  {
    title: "setItem 1 KB, 64 in flight: processor time",
    scenario: "setItem-1KB-64",
    metric: "cpu",
    times: 10,
  },
  {
    title: "getItem 1 KB, one at a time: processor time",
    scenario: "getItem-1KB-1",
    metric: "cpu",
    times: 4,
  },
  {
    title: "getItem 1 KB, one at a time: time",
    scenario: "getItem-1KB-1",
    metric: "wall",
    times: 2.5,
  },
  { title: "cold start: processor time", scenario: "cold", metric: "cpu", times: 15 },
  {
    title: "cold start over TLS: processor time",
    scenario: "cold-tls",
    metric: "cpu",
    times: 5,
  },
  {
    title: "getKeys of 60,000, pages of 40 ms: time",
    scenario: "getKeys-60000-pages",
    metric: "wall",
    times: 8,
  },
  {
    title: "getKeys of 60,000, pages of 40 ms: processor time",
    scenario: "getKeys-60000-pages",
    metric: "cpu",
    times: 8,
  },
  { title: "clear of 20,000: time", scenario: "clear-20000", metric: "wall", times: 3 },
  {
    title: "RSS after 100,000 reads",
    scenario: "memory-100000",
    metric: "rss",
    times: 2,
  },
  {
    title: "Nitro cached route: requests/s",
    scenario: "nitro",
    metric: "throughput",
    times: 3,
    better: "more",
  },
  { title: "Nitro cached route: p99", scenario: "nitro", metric: "p99", times: 3 },
];

const times = (/** @type {number} */ value) => `${value.toFixed(value < 10 ? 2 : 1)}×`;

/** How much more than the driver the floor may get where the engine is what limits both. */
const engineMargin = 1.1;

/**
 * @param {Target} target
 * @param {Record<string, Outcome>} outcomes by scenario
 * @returns {Verdict | undefined} nothing where the scenario was not run
 */
export function judge(target, outcomes) {
  const { title, scenario, metric, against = "reference", better = "less" } = target;
  const outcome = outcomes[scenario];
  const ours = outcome?.driver?.[metric];
  const theirs = outcome?.[against]?.[metric];
  const value = better === "less" ? ratio(theirs, ours) : ratio(ours, theirs);
  if (value === undefined) {
    return undefined;
  }
  const floor = target.orEngineLimit ? ratio(outcome?.floor?.[metric], ours) : undefined;
  const atLimit = floor !== undefined && floor < engineMargin;
  const limit = floor === undefined ? "" : `, the floor gets ${times(floor)} of it`;
  return {
    title,
    wanted: `≥ ${times(target.times)} ${better}${target.orEngineLimit ? ", or the engine's limit" : ""}`,
    reached: `${times(value)}${limit}`,
    met: value >= target.times || atLimit,
  };
}

/**
 * The targets that are no ratio to the reference, and the bench's own conditions.
 *
 * @param {Record<string, Outcome>} outcomes
 * @returns {Verdict[]}
 */
export function judgeLimits(outcomes) {
  const main = outcomes["getItem-1KB-64"];
  /** @type {Verdict[]} */
  const verdicts = [];
  const [driver, floor, boundary] = [main?.driver?.cpu, main?.floor?.cpu, main?.boundary?.cpu];
  if (driver && floor && boundary) {
    const value = driver.median / (floor.median + boundary.median);
    verdicts.push({
      title:
        "stretch: getItem 1 KB, 64 in flight: processor time against signed request + empty call",
      wanted: "≤ 1.60×",
      reached: times(value),
      met: value <= 1.6,
    });
  }
  if (floor) {
    verdicts.push({
      title: "the bench itself: processor time of the floor per request",
      wanted: "≤ 20 µs",
      reached: `${floor.median.toFixed(1)} µs`,
      met: floor.median <= 20,
    });
  }
  const growth = outcomes["clear-20000"]?.driver?.["growth"];
  if (growth) {
    const megabytes = growth.median / 1024 / 1024;
    verdicts.push({
      title: "clear of 20,000: peak RSS above idle",
      wanted: "≤ 40 MB",
      reached: `${megabytes.toFixed(1)} MB`,
      met: megabytes <= 40,
    });
  }
  const overhead = ratio(main?.reference?.wall, main?.bare?.wall);
  if (overhead !== undefined) {
    verdicts.push({
      title: "the bench itself: the reference against a bare GetCommand loop",
      wanted: "≤ 1.10×",
      reached: times(overhead),
      met: overhead <= 1.1,
    });
  }
  return verdicts;
}

/**
 * @param {Record<string, Outcome>} outcomes
 * @returns {Verdict[]}
 */
export function judgeAll(outcomes) {
  const verdicts = targets.map((target) => judge(target, outcomes));
  return [...verdicts.filter((verdict) => verdict !== undefined), ...judgeLimits(outcomes)];
}
