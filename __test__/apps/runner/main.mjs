// `npm run test:apps [-- --all] [-- --only NAME] [-- --list] [-- --jobs N]`: installs the packages from a registry on
// loopback into temporary apps, builds them, moves them away from their node_modules, starts them and sends HTTP
// requests, with a real engine.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { apps } from "./list.mjs";
import { openTable } from "./table.mjs";
import { Workspace } from "./workspace.mjs";
import { startEngine } from "../../../scripts/lib/engine.mjs";
import { cacheDirectory } from "../../../scripts/lib/project.mjs";
import { startPublishedRegistry } from "../../../scripts/lib/published.mjs";
import { finish } from "../../../scripts/lib/results.mjs";
import { setup } from "../../../scripts/lib/setup.mjs";
import { bold, Failure, green, main, red } from "../../../scripts/lib/steps.mjs";
import { ensureTools } from "../../../scripts/lib/tools.mjs";

/** The number of lines of a failure that are shown. The report contains all. */
const linesShown = 25;
const reportFile = path.join(cacheDirectory, "results", "apps.json");

/** @param {import("./run.mjs").Row} row */
function print({ app, cells, seconds }) {
  const failures = Object.entries(cells).filter(([, failure]) => failure !== "");
  const passed = Object.keys(cells).filter((column) => cells[column] === "");
  const mark = failures.length === 0 ? green("✔") : red("✘");
  console.log(`${mark} ${app} (${seconds.toFixed(1)} s): ${passed.join(", ")}`);
  for (const [column, failure] of failures) {
    console.log(`  ${bold(column)}: ${failure.split("\n").slice(0, linesShown).join("\n    ")}`);
  }
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      all: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      jobs: { type: "string", default: "2" },
      // The file for the screenshot of examples/nuxt.
      screenshot: { type: "string" },
    },
  });
  const { only, all, list, jobs, screenshot } = values;
  if (list) {
    apps.forEach(({ name, ci }) => console.log(ci ? `${name} (default)` : name));
    return;
  }
  const chosen = apps.filter(({ name, ci }) =>
    only ? only.some((part) => name.includes(part)) : all || ci,
  );
  if (chosen.length === 0) {
    const how = "see `npm run test:apps -- --list`";
    throw new Failure(`No app is called ${only?.join(" or ")}: ${how}.`);
  }
  if (chosen.some(({ browser }) => browser)) {
    await ensureTools("Chromium");
  }
  await setup();
  // Imported late, because it does not exist before the set-up.
  const { runApp } = await import("./run.mjs");
  const registry = await startPublishedRegistry();
  const workspace = new Workspace(registry.env);
  process.on("exit", () => workspace.remove());
  const engine = await startEngine();
  /** @type {import("./run.mjs").Row[]} */
  const rows = [];

  // Apps with the same dependencies share a folder, one after another.
  const waiting = [...new Set(chosen.map(({ install }) => install))]
    .map((name) => chosen.filter(({ install }) => install === name))
    .sort((few, many) => many.length - few.length);
  async function lane() {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      for (const app of group) {
        const table = await openTable(engine.endpoint, `app-${chosen.indexOf(app)}`);
        const row = await runApp({ ...app, screenshot }, workspace, table);
        rows.push(row);
        print(row);
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: Number(jobs) }, lane));
  } finally {
    await engine.stop();
    await registry.stop();
  }
  mkdirSync(path.dirname(reportFile), { recursive: true });
  writeFileSync(reportFile, `${JSON.stringify({ rows }, null, 2)}\n`);
  console.log(`\nAlso in ${reportFile}`);
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const failed = cells.filter((cell) => cell !== "").length;
  finish({ passed: cells.length - failed, failed });
});
