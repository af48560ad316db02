// The blocks of README.md and docs/BENCHMARKS.md that are made of figures.
import { columns, percentSpread, short } from "../screen.mjs";
import { ratio } from "../stats.mjs";
import { advantage, withUnit } from "./charts.mjs";

/** @typedef {import("../alternate.mjs").Outcome} Outcome */

/**
 * Puts new text between the marks `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
 *
 * @param {string} document
 * @param {Record<string, string>} blocks
 */
export function withBlocks(document, blocks) {
  let changed = document;
  for (const [name, text] of Object.entries(blocks)) {
    const [start, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const from = changed.indexOf(start);
    const to = changed.indexOf(end);
    if (from < 0 || to < from) {
      throw new Error(`there is no ${start} … ${end}`);
    }
    changed = `${changed.slice(0, from + start.length)}\n${text}\n${changed.slice(to)}`;
  }
  return changed;
}

/**
 * @param {string[]} header
 * @param {string[][]} rows
 */
const table = (header, rows) =>
  [header, header.map((_, index) => (index === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/** @param {any} result */
export function runBlock({
  date,
  commit,
  command,
  machine,
  versions,
  rounds,
  seconds,
  again = {},
}) {
  const at = (/** @type {string} */ day, /** @type {{ id: string, isClean: boolean }} */ of) =>
    `${day.slice(0, 10)}, commit \`${of.id.slice(0, 12)}\`${of.isClean ? "" : ", with changes that are not committed"}`;
  const since = Object.entries(again).map(
    ([name, { date: day, commit: of }]) => `- **Run again since**: ${name}, ${at(day, of)}.`,
  );
  const gigabytes = (machine.memory / 1024 ** 3).toFixed(0);
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- **When**: ${at(date, commit)}.`,
    ...since,
    `- **Command**: \`${command}\`, ${rounds} rounds of each scenario, ${Math.round(seconds / 60)} min of measuring.`,
    `- **Machine**: ${machine.processor}, ${machine.processors} processors, ${gigabytes} GB, ${machine.system}, ${machine.architecture}.`,
    `- **Versions**: Node ${machine.node}, ${machine.rust}, ${others.join(", ")}.`,
  ].join("\n");
}

/** @param {import("../targets.mjs").Verdict[]} verdicts */
export const targetsBlock = (verdicts) =>
  table(
    ["", "target", "reached", ""],
    verdicts.map(({ title, wanted, reached, met }) => [
      title,
      wanted,
      reached,
      met ? "met" : "**not met**",
    ]),
  );

/**
 * @param {string} title
 * @param {Outcome} outcome
 * @param {string[]} shownMetrics
 */
export function outcomeTable(title, outcome, shownMetrics) {
  const shown = columns.filter(
    ([metric]) =>
      shownMetrics.includes(metric) && Object.values(outcome).some((found) => metric in found),
  );
  const rows = Object.entries(outcome).map(([contestant, figures]) =>
    [contestant].concat(
      shown.map(([metric, , format]) => {
        const summary = figures[metric];
        if (!summary) {
          return "–";
        }
        return summary.samples.length > 1
          ? `${format(summary.median)} <sub>${percentSpread(summary)}</sub>`
          : format(summary.median);
      }),
    ),
  );
  const { driver, reference } = outcome;
  if (driver && reference) {
    const ratios = shown.map(([metric]) => {
      const [more, less] = metric === "throughput" ? [driver, reference] : [reference, driver];
      const value = ratio(more[metric], less[metric]);
      return value === undefined ? "–" : `**${short(value)}×**`;
    });
    rows.push(["ratio", ...ratios]);
  }
  const header = ["", ...shown.map(([, name]) => name)];
  return `#### ${title}\n\n${table(header, rows)}`;
}

/** The three figures and the chart of the README. @param {Record<string, Outcome>} outcomes */
export function readmeBlock(outcomes) {
  const [nitro, read, cold] = [outcomes["nitro"], outcomes["getItem-1KB-64"], outcomes["cold"]];
  const both = (/** @type {Outcome | undefined} */ outcome, /** @type {string} */ metric) =>
    [outcome?.driver, outcome?.reference]
      .map((figures) => withUnit(figures?.[metric]?.median ?? Number.NaN, metric))
      .join(" instead of ");
  return [
    `- **${advantage(nitro, "throughput")} requests** from a cached route of Nitro: ${both(nitro, "throughput")}; p99 ${both(nitro, "p99")}`,
    `- **${advantage(read, "main")} event loop time** for a read of 1 KB: ${both(read, "main")}`,
    `- **${advantage(cold, "wall", ["faster", ""])} from import to the first answer**: ${both(cold, "wall")}`,
    "",
    "![Bar chart: this driver and the one it replaces](docs/bench/overview.svg)",
    "",
    "Both drivers ran on one machine against one local engine, in the same run: [docs/BENCHMARKS.md](docs/BENCHMARKS.md).",
  ].join("\n");
}
