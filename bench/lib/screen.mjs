// The results as a terminal shows them.
import { bold, dim, green, red } from "../../scripts/lib/steps.mjs";
import { ratio, spread } from "./stats.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */
/** @typedef {import("./stats.mjs").Summary} Summary */

/** @param {number} value */
export function short(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  });
}

const milliseconds = (/** @type {number} */ microseconds) => `${short(microseconds / 1000)} ms`;
const megabytes = (/** @type {number} */ bytes) => `${short(bytes / 1024 / 1024)} MB`;

/** What is shown of a metric, in this order. Those not here are in the JSON only. */
export const columns = /** @type {const} */ ([
  ["throughput", "operations/s", short],
  ["wall", "µs each", short],
  ["cpu", "µs processor", short],
  ["main", "µs main thread", short],
  ["delayP99", "loop delay p99", milliseconds],
  ["p50", "p50", milliseconds],
  ["p99", "p99", milliseconds],
  ["peakRss", "peak RSS", megabytes],
  ["rss", "RSS at the end", megabytes],
  ["growth", "RSS above idle", megabytes],
  ["bytes", "on disk", megabytes],
  ["files", "files", short],
  ["requests", "requests", short],
]);

/** @param {Summary} summary */
export const percentSpread = (summary) => `±${Math.round((spread(summary) * 100) / 2)} %`;

/**
 * @param {string} title
 * @param {Outcome} outcome
 * @param {string[]} shownMetrics
 */
export function printOutcome(title, outcome, shownMetrics) {
  const shown = columns.filter(
    ([metric]) =>
      shownMetrics.includes(metric) && Object.values(outcome).some((found) => metric in found),
  );
  const shownFigure = (
    /** @type {Summary | undefined} */ summary,
    /** @type {typeof short} */ format,
  ) => {
    if (!summary) {
      return "–";
    }
    const rounds = summary.samples.length > 1 ? ` ${percentSpread(summary)}` : "";
    return `${format(summary.median)}${rounds}`;
  };
  const rows = Object.entries(outcome).map(([contestant, figures]) =>
    [contestant].concat(shown.map(([metric, , format]) => shownFigure(figures[metric], format))),
  );
  const { driver, reference } = outcome;
  if (driver && reference) {
    const ratios = shown.map(([metric]) => {
      const [more, less] = metric === "throughput" ? [driver, reference] : [reference, driver];
      const value = ratio(more[metric], less[metric]);
      return value === undefined ? "–" : `${short(value)}×`;
    });
    rows.push(["ratio", ...ratios]);
  }
  const header = ["", ...shown.map(([, name]) => name)];
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ cells) =>
    cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  ");
  console.log(`\n${bold(title)}`);
  console.log(dim(line(header)));
  for (const row of rows) {
    console.log(line(row));
  }
}

/** @param {import("./targets.mjs").Verdict[]} verdicts */
export function printVerdicts(verdicts) {
  if (verdicts.length === 0) {
    return;
  }
  const width = Math.max(...verdicts.map(({ title }) => title.length));
  console.log(`\n${bold("Targets")}`);
  for (const { title, wanted, reached, met } of verdicts) {
    const mark = met ? green("✔ met    ") : red("✘ not met");
    console.log(`${mark} ${title.padEnd(width)}  ${reached} ${dim(`(${wanted})`)}`);
  }
}

/** One line that is written over while a terminal shows it, and kept where a log does. */
export function progressLine(/** @type {string} */ prefix) {
  const isTerminal = process.stdout.isTTY === true;
  let lastLogged = 0;
  return {
    show(/** @type {string} */ text) {
      if (isTerminal) {
        process.stdout.write(`\r\u001B[K${prefix} ${dim(text)}`);
      } else if (performance.now() - lastLogged > 10_000) {
        lastLogged = performance.now();
        console.log(`${prefix} ${text}`);
      }
    },
    clear() {
      if (isTerminal) {
        process.stdout.write("\r\u001B[K");
      }
    },
  };
}
