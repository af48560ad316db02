// `npm run test:mutants [-- --shard K/N] [-- --in-diff REVISION] [-- --only REGEX]`: cargo-mutants changes the core in one
// place at a time, and the Rust tests have to fail. Configured in .cargo/mutants.toml. Ends with `N passed, N failed`.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { attempt, outputOf } from "./lib/process.mjs";
import { cacheDirectory } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

/** Of a hundred mutants that compile, how many the tests must catch. */
const threshold = 85;
const results = path.join(cacheDirectory, "results");

/**
 * The lines that a branch changes, uncommitted ones included.
 *
 * @param {string} revision
 */
function diffFrom(revision) {
  const diff = outputOf("git", ["diff", "--merge-base", revision, "--", "src"]);
  if (diff === undefined) {
    throw new Failure(`\`git diff --merge-base ${revision}\` failed: run it to see why.`);
  }
  const file = path.join(results, "mutants.diff");
  writeFileSync(file, diff);
  return { file, isEmpty: diff === "" };
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      shard: { type: "string" },
      "in-diff": { type: "string" },
      // Of the mutants' names, which begin with their file: `src/key.rs`.
      only: { type: "string", multiple: true, default: [] },
      jobs: { type: "string", default: "1" },
    },
  });
  return values;
}

await main(async () => {
  const { shard, "in-diff": revision, only, jobs } = readArguments();
  await ensureTools("cargo-mutants");
  mkdirSync(results, { recursive: true });
  const parameters = ["mutants", "--output", results, "--jobs", jobs, "--no-shuffle"];
  parameters.push(...only.flatMap((regex) => ["--re", regex]));
  if (shard) {
    parameters.push("--shard", shard);
  }
  if (revision) {
    const diff = diffFrom(revision);
    if (diff.isEmpty) {
      console.log(`No line of src/ differs from ${revision}.\n\n1 passed, 0 failed`);
      return;
    }
    parameters.push("--in-diff", diff.file);
  }
  const outcomes = path.join(results, "mutants.out", "outcomes.json");
  // The outcomes of an earlier run must not count for this one.
  rmSync(outcomes, { force: true });
  // 2: some were missed, 3: some ran out of time. Whether those are too many is decided below.
  const { code } = await attempt("cargo", parameters);
  if (![0, 2, 3].includes(code) || !existsSync(outcomes)) {
    throw new Failure(`cargo-mutants ended with exit code ${code} and without a verdict.`);
  }
  const { caught, missed, timeout } = JSON.parse(readFileSync(outcomes, "utf8"));
  const noticed = caught + timeout;
  const score = (100 * noticed) / Math.max(1, noticed + missed);
  console.log(
    `\n${score.toFixed(1)} % of ${noticed + missed} mutants caught, ${threshold} % wanted`,
  );
  const isEnough = noticed + missed === 0 || score >= threshold;
  console.log(
    `\n${isEnough ? Math.max(1, noticed) : noticed} passed, ${isEnough ? 0 : missed} failed`,
  );
  process.exitCode = isEnough ? 0 : 1;
});
