// The chart of README.md and docs/BENCHMARKS.md, and the format of figures.
import { init } from "echarts";

import { short } from "../screen.mjs";
import { advantage } from "../stats.mjs";

/** @typedef {import("../alternate.mjs").Outcome} Outcome */

/** The units of single figures. @type {Record<string, [unit: string, divisor: number]>} */
const units = {
  wall: [" µs", 1],
  cpu: [" µs", 1],
  main: [" µs", 1],
  throughput: ["/s", 1],
  p99: [" ms", 1000],
  rss: [" MB", 1024 * 1024],
};

/** @param {number} value @param {string} metric */
export function withUnit(value, metric) {
  const [unit, divisor] = units[metric] ?? ["", 1];
  if (unit === " µs" && value >= 10_000) {
    return value >= 1e6 ? `${short(value / 1e6)} s` : `${short(value / 1000)} ms`;
  }
  return `${short(value / divisor)}${unit}`;
}

/**
 * Describes how many times better the driver is.
 *
 * @param {Outcome | undefined} outcome
 * @param {string} metric
 * @param {string} [word]
 */
export function inWords(outcome, metric, word = metric === "throughput" ? "more" : "less") {
  const value = advantage(outcome, metric);
  return value === undefined ? undefined : `${short(value)}× ${word}`;
}

/** @type {[scenario: string, metric: string, label: string, word?: string][]} */
const pairs = [
  ["nitro", "throughput", "Nitro cached route, requests"],
  ["nitro", "p99", "Nitro cached route, p99", "faster"],
  ["getItem-1KB-64", "main", "Event loop time of a read"],
  ["getItem-1KB-64", "cpu", "Processor time of a read"],
  ["getKeys-60000-pages", "wall", "getKeys of 60,000 items", "faster"],
  ["cold", "wall", "Import to first answer", "faster"],
  ["memory-100000", "rss", "Memory after 100,000 reads"],
];

const contestants = /** @type {const} */ ([
  ["driver", "unstorage-dynamodb", "#0969da"],
  ["reference", "reference (AWS SDK for JavaScript)", "#8c959f"],
]);

/**
 * Draws driver and reference as a pair of bars for each figure, with separate scales.
 *
 * @param {Record<string, Outcome>} outcomes
 * @returns {string | undefined} SVG, if there are figures
 */
export function overview(outcomes) {
  const rows = pairs.flatMap(([scenario, metric, label, word]) => {
    const outcome = outcomes[scenario];
    const [driver, reference] = contestants.map(([name]) => outcome?.[name]?.[metric]?.median);
    const note = inWords(outcome, metric, word);
    return driver && reference && note
      ? [{ label: `${label}\n{note|${note}}`, metric, values: [driver, reference] }]
      : [];
  });
  if (rows.length === 0) {
    return undefined;
  }
  const text = { fontFamily: "system-ui, sans-serif", color: "#1f2328", fontSize: 13 };
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 760, height: 520 });
  chart.setOption({
    animation: false,
    // Readable on dark pages too.
    backgroundColor: "#ffffff",
    textStyle: text,
    title: {
      text: "Compared with the driver it replaces",
      subtext: "One DynamoDB engine, one machine, one run. Each pair has a scale of its own.",
      left: 12,
      top: 10,
      textStyle: { ...text, fontSize: 17 },
      subtextStyle: { ...text, color: "#59636e", fontSize: 12 },
    },
    legend: { left: 8, top: 62, itemGap: 40, textStyle: text },
    grid: { left: 220, right: 90, top: 96, bottom: 12 },
    xAxis: { show: false, max: 1 },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map(({ label }) => label),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...text, lineHeight: 18, rich: { note: { ...text, fontWeight: "bold" } } },
    },
    series: contestants.map(([, name, colour], index) => ({
      type: "bar",
      silent: true,
      name,
      itemStyle: { color: colour },
      barWidth: 14,
      barGap: "15%",
      label: { ...text, show: true, position: "right", color: "#59636e", fontSize: 12 },
      data: rows.map(({ metric, values }) => ({
        value: (values[index] ?? 0) / Math.max(...values),
        label: { formatter: withUnit(values[index] ?? 0, metric) },
      })),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // Remove interactive parts, which an image does not need and whose names differ between runs.
  return `${svg.replaceAll(/ class="[^"]*"|<style.*?<\/style>\n?/gs, "")}\n`;
}
