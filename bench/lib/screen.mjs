// Prints the results to a terminal.
import { bold, dim, green, red } from "../../scripts/lib/steps.mjs";
import { advantage, spread } from "./stats.mjs";

/** @typedef {import("./alternate.mjs").Outcome} Outcome */

/** @param {number} value */
export function short(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  });
}

const milliseconds = (/** @type {number} */ microseconds) => `${short(microseconds / 1000)} ms`;
const kilobytes = (/** @type {number} */ bytes) => short(bytes / 1024);
const megabytes = (/** @type {number} */ bytes) => `${short(bytes / 1024 / 1024)} MB`;

const exactly = (/** @type {number} */ value) => value.toLocaleString("en");

/** What is shown of a metric, in this order. Those not here are in the JSON only. */
const columns = /** @type {const} */ ([
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
  ["sent", "KB sent", kilobytes],
  ["received", "KB received", kilobytes],
  ["readUnits", "read units", exactly],
  ["writeUnits", "write units", exactly],
  ["items", "items", exactly],
  ["dollars", "$ per month", short],
]);

const asItIs = (/** @type {string} */ text) => text;

/**
 * A header and one row per contestant, followed by the ratios to the reference and to `lean`.
 *
 * @param {Outcome} outcome
 * @param {string[]} metrics that are shown
 * @param {{ small?: (text: string) => string, strong?: (text: string) => string }} [styles] of spreads and ratios
 */
export function rowsOf(outcome, metrics, { small = asItIs, strong = asItIs } = {}) {
  const shown = columns.filter(
    ([metric]) =>
      metrics.includes(metric) && Object.values(outcome).some((figures) => metric in figures),
  );
  const rows = [["", ...shown.map(([, name]) => name)]];
  for (const [contestant, figures] of Object.entries(outcome)) {
    const cells = shown.map(([metric, , format]) => {
      const summary = figures[metric];
      if (!summary) {
        return "–";
      }
      const percent = small(`±${Math.round((spread(summary) * 100) / 2)} %`);
      return `${format(summary.median)}${summary.samples.length > 1 ? ` ${percent}` : ""}`;
    });
    rows.push([contestant, ...cells]);
  }
  for (const other of /** @type {const} */ (["reference", "lean"])) {
    if (outcome.driver && outcome[other]) {
      const ratios = shown.map(([metric]) => {
        const value = advantage(outcome, metric, other);
        return value === undefined ? "–" : strong(`${short(value)}×`);
      });
      rows.push([`ratio to ${other}`, ...ratios]);
    }
  }
  return rows;
}

/** @param {string} title @param {Outcome} outcome @param {string[]} metrics */
export function printOutcome(title, outcome, metrics) {
  const rows = rowsOf(outcome, metrics);
  const widthOf = (/** @type {number} */ column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [header = "", ...lines] = rows.map((row) =>
    row.map((cell, column) => cell.padStart(widthOf(column))).join("  "),
  );
  console.log([`\n${bold(title)}`, dim(header), ...lines].join("\n"));
}

/** @param {import("./targets.mjs").Verdict[]} verdicts */
export function printVerdicts(verdicts) {
  const width = Math.max(...verdicts.map(({ title }) => title.length));
  console.log(verdicts.length > 0 ? `\n${bold("Targets")}` : "");
  for (const { title, wanted, reached, met } of verdicts) {
    const mark = met ? green("✔ met    ") : red("✘ not met");
    console.log(`${mark} ${title.padEnd(width)}  ${reached} ${dim(`(${wanted})`)}`);
  }
}

/** A status line that is overwritten in a terminal and kept in a log. @param {string} prefix */
export function progressLine(prefix) {
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
