// `npm run bench:report [-- --check]`: generates the chart, tables and README figures from the latest full run.
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { inProject, readJson, readText } from "../scripts/lib/project.mjs";
import { Failure, main } from "../scripts/lib/steps.mjs";
import { overview } from "./lib/report/charts.mjs";
import {
  billBlock,
  clientsBlock,
  outcomeTable,
  readmeBlock,
  runBlock,
  takenOn,
  targetsBlock,
  withBlocks,
} from "./lib/report/markdown.mjs";
import { scenarios, shownOf } from "./lib/scenarios.mjs";
import { judgeAll, targets } from "./lib/targets.mjs";

const results = "bench/results/latest.json";

/** @returns {Record<string, string>} the content of every file that contains figures */
function generated() {
  const result = readJson(results);
  const { outcomes } = result;
  const tables = scenarios
    .filter(({ name }) => outcomes[name])
    .map((scenario) => {
      const { name, title } = scenario;
      return outcomeTable(title, outcomes[name], shownOf(scenario), takenOn(result, [name]));
    });
  const judged = targets.map(({ scenario }) => scenario);
  return {
    "README.md": withBlocks(readText("README.md"), {
      figures: readmeBlock(result),
      clients: clientsBlock(result),
      bill: billBlock(result),
    }),
    "docs/BENCHMARKS.md": withBlocks(readText("docs", "BENCHMARKS.md"), {
      run: runBlock(result),
      targets: targetsBlock(judgeAll(outcomes), takenOn(result, judged)),
      tables: tables.join("\n\n"),
    }),
    "docs/bench/overview.svg": overview(outcomes) ?? "",
  };
}

/** @param {boolean} isCheck */
export function report(isCheck) {
  const stale = Object.entries(generated()).filter(
    ([file, text]) => !existsSync(inProject(file)) || readText(file) !== text,
  );
  if (isCheck && stale.length > 0) {
    const names = stale.map(([file]) => file).join(", ");
    throw new Failure(`not what ${results} says: ${names}. Run \`npm run bench:report\`.`);
  }
  stale.forEach(([file, text]) => writeFileSync(inProject(file), text));
}

if (process.argv[1] === import.meta.filename) {
  await main(() => {
    const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
    report(values.check);
  });
}
