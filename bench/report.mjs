// `npm run bench:report [-- --check]`: chart, tables and README figures, from the latest full run. Nothing is typed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { inProject, readJson, readText } from "../scripts/lib/project.mjs";
import { Failure, main } from "../scripts/lib/steps.mjs";
import { overview } from "./lib/report/charts.mjs";
import {
  outcomeTable,
  readmeBlock,
  runBlock,
  targetsBlock,
  withBlocks,
} from "./lib/report/markdown.mjs";
import { scenarios, shownOf } from "./lib/scenarios.mjs";

const results = ["bench", "results", "latest.json"];

/** @returns {Record<string, string>} the text of every file that depends on the figures */
function generated() {
  const result = readJson(...results);
  const { outcomes, verdicts } = result;
  const tables = scenarios
    .filter(({ name }) => outcomes[name])
    .map((scenario) => outcomeTable(scenario.title, outcomes[scenario.name], shownOf(scenario)));
  const chart = overview(outcomes);
  return {
    "README.md": withBlocks(readText("README.md"), { figures: readmeBlock(outcomes) }),
    "docs/BENCHMARKS.md": withBlocks(readText("docs", "BENCHMARKS.md"), {
      run: runBlock(result),
      targets: targetsBlock(verdicts),
      tables: tables.join("\n\n"),
    }),
    ...(chart ? { "docs/bench/overview.svg": chart } : {}),
  };
}

/**
 * @param {boolean} isCheck
 * @returns {boolean} false: there is nothing to tell yet
 */
export function report(isCheck) {
  if (!existsSync(inProject(...results))) {
    return false;
  }
  const files = generated();
  const isStale = ([file, text] = ["", ""]) =>
    !existsSync(inProject(file)) || readFileSync(inProject(file), "utf8") !== text;
  const stale = Object.entries(files).filter((entry) => isStale(entry));
  if (isCheck) {
    if (stale.length > 0) {
      const names = stale.map(([file]) => file).join(", ");
      throw new Failure(
        `not what ${path.join(...results)} says: ${names}. Run \`npm run bench:report\`.`,
      );
    }
    return true;
  }
  rmSync(inProject("docs", "bench"), { recursive: true, force: true });
  mkdirSync(inProject("docs", "bench"), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(inProject(file), text);
  }
  return true;
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    if (!report(process.argv.includes("--check"))) {
      console.log("no full run yet: `npm run bench` makes one");
    }
  });
}
