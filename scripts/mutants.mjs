// `npm run test:mutants [-- --shard K/N] [-- --in-diff REVISION] [-- --only REGEX]`: cargo-mutants changes the core in
// one place at a time, and the Rust tests must fail. Configured in .cargo/mutants.toml. Ends with `N passed, N failed`.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { attempt, outputOrFail } from "./lib/process.mjs";
import { cacheDirectory } from "./lib/project.mjs";
import { finish } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

/** The minimum percentage of compiling mutants that the tests must catch. */
const threshold = 85;
const results = path.join(cacheDirectory, "results");

await main(async () => {
  const { values } = parseArgs({
    options: {
      shard: { type: "string" },
      "in-diff": { type: "string" },
      // Matches the names of mutants, which start with the file: `src/key.rs`.
      only: { type: "string", multiple: true, default: [] },
      jobs: { type: "string", default: "1" },
    },
  });
  const { shard, "in-diff": revision, only, jobs } = values;
  await ensureTools("cargo-mutants");
  mkdirSync(results, { recursive: true });
  const parameters = ["mutants", "--output", results, "--jobs", jobs, "--no-shuffle"];
  parameters.push(...only.flatMap((regex) => ["--re", regex]));
  if (shard) {
    parameters.push("--shard", shard);
  }
  if (revision) {
    // Includes uncommitted changes.
    const diff = outputOrFail("git", ["diff", "--merge-base", revision, "--", "src"]);
    if (diff === "") {
      console.log(`No line of src/ differs from ${revision}.`);
      return finish({ passed: 1, failed: 0 });
    }
    const file = path.join(results, "mutants.diff");
    writeFileSync(file, diff);
    parameters.push("--in-diff", file);
  }
  const outcomes = path.join(results, "mutants.out", "outcomes.json");
  // Results of an earlier run must not count.
  rmSync(outcomes, { force: true });
  // 2: some mutants were missed, 3: some timed out. The threshold below decides.
  const { code } = await attempt("cargo", parameters);
  if (![0, 2, 3].includes(code) || !existsSync(outcomes)) {
    throw new Failure(`cargo-mutants ended with exit code ${code} and without a verdict.`);
  }
  const { caught, missed, timeout } = JSON.parse(readFileSync(outcomes, "utf8"));
  const noticed = caught + timeout;
  const all = noticed + missed;
  const score = ((100 * noticed) / Math.max(1, all)).toFixed(1);
  console.log(`\n${score} % of ${all} mutants caught, ${threshold} % wanted`);
  const isEnough = all === 0 || (100 * noticed) / all >= threshold;
  finish(
    isEnough ? { passed: Math.max(1, noticed), failed: 0 } : { passed: noticed, failed: missed },
  );
});
