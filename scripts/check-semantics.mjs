// `npm run check:semantics [report…]`: docs/SEMANTICS.md and the tests speak of the same rules.
//
// A test carries a rule by its id in square brackets: `[TTL-6]` in the title of a JavaScript test, `// [TTL-10]` above
// a Rust one. With vitest reports as arguments a rule counts as tested only where such a test passed.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { inProject, readText } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";

const reference = /\[([A-Z]{2,4}-\d+)\]/g;

/** @param {string} text */
const referencesIn = (text) => [...text.matchAll(reference)].map(([, id]) => String(id));

/**
 * @param {string} directory
 * @param {string} suffix
 */
function filesIn(directory, suffix) {
  try {
    return readdirSync(inProject(directory), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(suffix))
      .map((file) => path.join(directory, file));
  } catch (error) {
    // tests/ is optional; an empty __test__ fails by the rules that it leaves untested.
    if (error.code === "ENOENT") {
      return [];
    }
    throw error;
  }
}

function documentedRules() {
  const ids = [...readText("docs/SEMANTICS.md").matchAll(/^\| ([A-Z]{2,4}-\d+) \|/gm)].map(
    ([, id]) => String(id),
  );
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (ids.length === 0 || twice.length > 0) {
    throw new Failure(
      `docs/SEMANTICS.md: ${ids.length} rules, given twice: ${twice.join(", ") || "none"}`,
    );
  }
  return ids;
}

/** @returns {Map<string, Set<string>>} id → files that carry it */
function rulesInSources() {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  const rust = ["src", "tests"].flatMap((directory) => filesIn(directory, ".rs"));
  for (const file of [...filesIn("__test__", ".ts"), ...rust]) {
    for (const line of readText(file).split("\n")) {
      // In TypeScript a comment is no title; in Rust, where titles are names, a comment is the only place.
      const isComment = /^\s*(\/\/|\*|\/\*)/.test(line);
      if (isComment === file.endsWith(".rs")) {
        for (const id of referencesIn(line)) {
          found.set(id, (found.get(id) ?? new Set()).add(file));
        }
      }
    }
  }
  return found;
}

/**
 * @param {string[]} reports
 * @returns {{ proved: Set<string>, ran: Set<string> }} rules with a test that passed, and the files that ran
 */
function readReports(reports) {
  const proved = new Set();
  const ran = new Set();
  for (const report of reports) {
    for (const { name, assertionResults } of JSON.parse(readFileSync(report, "utf8")).testResults) {
      ran.add(path.relative(inProject(), name));
      for (const { status, ancestorTitles, title } of assertionResults) {
        if (status === "passed") {
          [...ancestorTitles, title].flatMap(referencesIn).forEach((id) => proved.add(id));
        }
      }
    }
  }
  return { proved, ran };
}

await main(() => {
  const documented = documentedRules();
  const sources = rulesInSources();
  const { proved, ran } = readReports(process.argv.slice(2));
  // A file that the reports do not speak of belongs to another suite, whose own outcome counts: cargo's, or the
  // packaging one.
  const isTested = (/** @type {string} */ id) =>
    proved.has(id) || [...(sources.get(id) ?? [])].some((file) => !ran.has(file));
  const problems = [
    ...documented
      .filter((id) => !isTested(id))
      .map((id) => `${id}: no ${sources.has(id) ? "passing " : ""}test carries [${id}]`),
    ...[...sources]
      .filter(([id]) => !documented.includes(id))
      .map(([id, files]) => `${[...files].join(", ")}: [${id}] is no rule of docs/SEMANTICS.md`),
  ];
  if (problems.length > 0) {
    throw new Failure(problems.join("\n  "));
  }
  console.log(`${documented.length} rules, each with a test`);
});
