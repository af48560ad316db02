// `npm run test:apps [-- --all] [-- --only NAME] [-- --list] [-- --jobs N]`: throw-away apps from the packed packages, each built,
// moved away from its node_modules, started and asked over HTTP, with a real engine behind it.
import path from "node:path";
import { parseArgs } from "node:util";

import { apps } from "./list.mjs";
import { report, reportFile } from "./report.mjs";
import { Workspace } from "./workspace.mjs";
import { startEngine } from "../../../scripts/lib/engine.mjs";
import { setup } from "../../../scripts/lib/setup.mjs";
import { bold, elapsed, Failure, green, main, red } from "../../../scripts/lib/steps.mjs";
import { ensureTools } from "../../../scripts/lib/tools.mjs";

/** Of a failure; all of it is in the report. */
const linesShown = 25;

function chosenApps() {
  const { values } = parseArgs({
    options: {
      all: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      jobs: { type: "string", default: "2" },
      packages: { type: "string" },
      screenshot: { type: "string" },
    },
  });
  const { only, all, list, jobs, packages, screenshot } = values;
  const chosen = only
    ? apps.filter(({ name }) => only.some((part) => name.includes(part)))
    : apps.filter(({ ci }) => all || ci);
  if (chosen.length === 0) {
    throw new Failure(
      `No app is called ${only?.join(" or ")}: see \`npm run test:apps -- --list\`.`,
    );
  }
  for (const app of chosen) {
    app.screenshot = screenshot && path.resolve(screenshot);
  }
  return {
    chosen,
    isListing: list,
    jobs: Number(jobs),
    packages: packages && path.resolve(packages),
  };
}

await main(async () => {
  const { chosen, isListing, jobs, packages } = chosenApps();
  if (isListing) {
    for (const { name, ci } of apps) {
      console.log(ci ? `${name} (default)` : name);
    }
    return;
  }
  if (chosen.some(({ browser }) => browser)) {
    await ensureTools("Chromium");
  }
  await setup({ addon: packages ? false : "debug" });
  // Only now: before the set-up there was nothing to import.
  const { runApp } = await import("./run.mjs");
  const { openTable } = await import("./table.mjs");
  const workspace = new Workspace(packages);
  process.on("exit", () => workspace.remove());
  const engine = await startEngine();
  /** @type {import("./run.mjs").Row[]} */
  const rows = [];

  /** @param {import("./list.mjs").App} app */
  async function one(app) {
    const index = chosen.indexOf(app);
    const table = await openTable(engine.endpoint, `app-${index}`);
    try {
      rows[index] = await runApp(app, workspace, table);
      tell(rows[index]);
    } finally {
      table.close();
    }
  }

  // Apps with the same dependencies share a folder, one after the other.
  const folders = new Map(chosen.map(({ install }) => [install, /** @type {typeof apps} */ ([])]));
  for (const app of chosen) {
    folders.get(app.install)?.push(app);
  }
  const waiting = [...folders.values()].sort((few, many) => many.length - few.length);
  async function lane() {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      for (const app of group) {
        await one(app);
      }
    }
  }

  try {
    await workspace.pack();
    await Promise.all(Array.from({ length: jobs }, lane));
  } finally {
    await engine.stop();
  }
  const { passed, failed } = report(rows);
  console.log(`\nAlso in ${reportFile}`);
  // .ci/run reads this line, so it is bare and the last one.
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});

/** @param {import("./run.mjs").Row} row */
function tell({ app, cells, seconds }) {
  const failures = Object.entries(cells).filter(([, failure]) => failure !== "");
  const since = performance.now() - seconds * 1000;
  console.log(`${failures.length === 0 ? green("✔") : red("✘")} ${app} (${elapsed(since)})`);
  for (const [column, failure] of failures) {
    console.log(`  ${bold(column)}: ${failure.split("\n").slice(0, linesShown).join("\n    ")}`);
  }
}
