// The chart of README.md and docs/BENCHMARKS.md, and how its figures read.
import { init, use } from "echarts/core";
import { BarChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

import { short } from "../screen.mjs";
import { ratio } from "../stats.mjs";

use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

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

/** @type {[scenario: string, metric: string, label: string, words?: [less: string, more: string]][]} */
const pairs = [
  ["nitro", "throughput", "Nitro cached route, requests"],
  ["nitro", "p99", "Nitro cached route, p99", ["faster", ""]],
  ["getItem-1KB-64", "main", "Event loop time of a read"],
  ["getItem-1KB-64", "cpu", "Processor time of a read"],
  ["getKeys-60000-pages", "wall", "getKeys of 60,000 items", ["faster", ""]],
  ["cold", "wall", "Import to first answer", ["faster", ""]],
  ["memory-100000", "rss", "Memory after 100,000 reads"],
];

const contestants = /** @type {const} */ ([
  ["driver", "unstorage-dynamodb", "#0969da"],
  ["reference", "reference (AWS SDK for JavaScript)", "#8c959f"],
]);

/**
 * Driver and reference, for each figure a pair of bars with a scale of its own.
 *
 * @param {Outcomes} outcomes
 * @returns {string | undefined} SVG, where there are figures
 */
export function overview(outcomes) {
  const rows = pairs.flatMap(([scenario, metric, label, words]) => {
    const outcome = outcomes[scenario];
    const [driver, reference] = contestants.map(([name]) => outcome?.[name]?.[metric]?.median);
    const note = advantage(outcome, metric, words);
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
    // Readable on a dark page too.
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
  // What reacts to a pointer does nothing in an image, and has names that differ from one drawing to the next.
  return `${svg.replaceAll(/ class="[^"]*"|<style.*?<\/style>\n?/gs, "")}\n`;
}
