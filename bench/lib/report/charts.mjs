// Which figures are drawn, and how.
import { short } from "../screen.mjs";
import { ratio } from "../stats.mjs";
import { barChart } from "./svg.mjs";

/** @typedef {import("../alternate.mjs").Outcome} Outcome */
/** @typedef {Record<string, Outcome>} Outcomes */

/** What a figure is called where it stands alone: unit, and whether less of it is better. */
const units = /** @type {Record<string, [unit: string, divisor: number]>} */ ({
  wall: ["µs", 1],
  cpu: ["µs", 1],
  main: ["µs", 1],
  throughput: ["/s", 1],
  p99: ["ms", 1000],
  rss: ["MB", 1024 * 1024],
});

/**
 * @param {number} value
 * @param {string} metric
 */
export function withUnit(value, metric) {
  const [unit, divisor] = units[metric] ?? ["", 1];
  const scaled = value / divisor;
  if (unit === "µs" && scaled >= 10_000) {
    return scaled >= 1e6 ? `${short(scaled / 1e6)} s` : `${short(scaled / 1000)} ms`;
  }
  return `${short(scaled)}${unit === "/s" ? "" : " "}${unit}`;
}

/**
 * How many times better the driver is, in words.
 *
 * @param {Outcome | undefined} outcome
 * @param {string} metric
 * @param {[less: string, more: string]} [words]
 */
export function advantage(outcome, metric, [less, more] = ["less", "more"]) {
  const [driver, reference] = [outcome?.driver?.[metric], outcome?.reference?.[metric]];
  const isMore = metric === "throughput";
  const value = isMore ? ratio(driver, reference) : ratio(reference, driver);
  return value === undefined ? undefined : `${short(value)}× ${isMore ? more : less}`;
}

/**
 * @param {Outcomes} outcomes
 * @param {string} scenario
 * @param {string} metric
 * @param {string} label
 * @param {[less: string, more: string]} [words]
 * @returns {import("./svg.mjs").Group[]} one or none
 */
function pair(outcomes, scenario, metric, label, words) {
  const outcome = outcomes[scenario];
  const note = advantage(outcome, metric, words);
  const bars = /** @type {const} */ (["driver", "reference"]).flatMap((name) => {
    const value = outcome?.[name]?.[metric]?.median;
    return value === undefined ? [] : [{ name, value, text: withUnit(value, metric) }];
  });
  return note === undefined || bars.length < 2 ? [] : [{ label, note, bars }];
}

const names = { driver: "unstorage-dynamodb", reference: "reference (AWS SDK for JavaScript)" };

/** @param {Outcomes} outcomes */
const overview = (outcomes) => ({
  title: "Beside the driver it replaces",
  subtitle: "One DynamoDB engine, one machine, one run. Each pair has a scale of its own.",
  names,
  groups: [
    ...pair(outcomes, "nitro", "throughput", "Nitro cached route, requests"),
    ...pair(outcomes, "nitro", "p99", "Nitro cached route, p99", ["faster", ""]),
    ...pair(outcomes, "getItem-1KB-64", "main", "event loop time of a read"),
    ...pair(outcomes, "getItem-1KB-64", "cpu", "processor time of a read"),
    ...pair(outcomes, "getKeys-60000-pages", "wall", "getKeys of 60,000 items", ["faster", ""]),
    ...pair(outcomes, "cold", "wall", "import to first answer", ["faster", ""]),
    ...pair(outcomes, "memory-100000", "rss", "memory after 100,000 reads"),
  ],
});

/**
 * @param {Outcomes} outcomes
 * @param {string} metric
 * @param {string} title
 */
const bySize = (outcomes, metric, title) => ({
  title,
  subtitle: "64 in flight. Each pair has a scale of its own.",
  names,
  groups: ["getItem", "setItem"].flatMap((operation) =>
    ["256B", "1KB", "64KB", "380KB"].flatMap((size) =>
      pair(
        outcomes,
        `${operation}-${size}-64`,
        metric,
        `${operation}, ${size.replace(/(\d)([KB])/, "$1 $2")}`,
      ),
    ),
  ),
});

/** @param {Outcomes} outcomes */
function floor(outcomes) {
  const main = outcomes["getItem-1KB-64"];
  const [driver, request, call] = [
    main?.driver?.["cpu"],
    main?.floor?.["cpu"],
    main?.boundary?.["cpu"],
  ];
  if (!driver || !request || !call) {
    return undefined;
  }
  const bar = (/** @type {string} */ name, /** @type {number} */ value) => ({
    name,
    value,
    text: withUnit(value, "cpu"),
  });
  return {
    title: "How much is left to win",
    subtitle: "Processor time of a read of 1 KB, 64 in flight.",
    names: { driver: "unstorage-dynamodb", floor: "floor: signed request and empty call" },
    groups: [
      {
        label: "getItem, 1 KB",
        note: `${short(driver.median / (request.median + call.median))}× the floor`,
        bars: [bar("driver", driver.median), bar("floor", request.median + call.median)],
      },
    ],
  };
}

/**
 * @param {Outcomes} outcomes
 * @returns {Record<string, string>} SVG by file name; only charts for which there are figures
 */
export function charts(outcomes) {
  const all = {
    "overview.svg": overview(outcomes),
    "processor-time.svg": bySize(outcomes, "cpu", "Processor time of an operation"),
    "event-loop-time.svg": bySize(outcomes, "main", "Event loop time of an operation"),
    "floor.svg": floor(outcomes),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([file, chart]) =>
      chart && chart.groups.length > 0 ? [[file, barChart(chart)]] : [],
    ),
  );
}
