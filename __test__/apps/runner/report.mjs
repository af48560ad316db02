// The table of app × result, for people and as JSON.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { cacheDirectory } from "../../../scripts/lib/project.mjs";
import { green, red } from "../../../scripts/lib/steps.mjs";

const columns = [
  "build",
  "answers",
  "environment",
  "cached",
  "ttl",
  "keys",
  "purged",
  "payload",
  "restarted",
  "broken",
  "no secrets",
  "browser",
];

export const reportFile = path.join(cacheDirectory, "results", "apps.json");

/** @param {string | undefined} cell */
const mark = (cell) => (cell === undefined ? "–" : cell === "" ? green("✔") : red("✘"));

/** @param {import("./run.mjs").Row} row @param {number} width */
export function line({ app, cells, seconds }, width) {
  const marks = columns.map((column) => mark(cells[column]) + " ".repeat(column.length + 1));
  return `${app.padEnd(width)}  ${marks.join("")}${seconds.toFixed(0).padStart(4)} s`;
}

/** @param {import("./run.mjs").Row[]} rows */
export function report(rows) {
  const width = Math.max(...rows.map(({ app }) => app.length));
  console.log(`\n${"app".padEnd(width)}  ${columns.map((column) => `${column}  `).join("")}`);
  for (const row of rows) {
    console.log(line(row, width));
  }
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const failed = cells.filter((cell) => cell !== "").length;
  mkdirSync(path.dirname(reportFile), { recursive: true });
  writeFileSync(reportFile, `${JSON.stringify({ columns, rows }, null, 2)}\n`);
  return { passed: cells.length - failed, failed };
}
