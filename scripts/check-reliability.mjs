// `npm run check:reliability [-- REPORT…]`: each case of docs/RELIABILITY.md has a row, and each row names tests that
// ran and passed. The reports are vitest's, of `npm test` and `npm run test:faults`.
//
// A row's tests are in backticks: a part of a test's title, `cargo: NAME` for a Rust test (whose outcome is cargo's), or
// `nightly: STEP` for a step of scripts/nightly.mjs. A row without any says why it cannot run here, where that is allowed.
import { existsSync, readdirSync, readFileSync } from "node:fs";

import { inProject, readText } from "./lib/project.mjs";
import { vitestReport } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { nightlySteps } from "./nightly/steps.mjs";

const cases = 52;
/** Of these a part may need another system. */
const partlyElsewhere = new Set([30, 32, 50]);

/** @typedef {{ number: number, tests: string[], result: string }} Row */

/** @returns {Row[]} */
function rows() {
  const table = readText("docs/RELIABILITY.md").matchAll(
    /^\| (\d+) \| [^|]+ \| [^|]+ \| ([^|]*) \| ([^|]+) \|$/gm,
  );
  return [...table].map(([, number, tests, result]) => ({
    number: Number(number),
    tests: [...(tests ?? "").matchAll(/`([^`]+)`/g)].map(([, test]) => String(test)),
    result: String(result),
  }));
}

/** @param {string[]} reports @returns {{ title: string, status: string }[]} */
function outcomes(reports) {
  return reports.flatMap((report) => {
    if (!existsSync(report)) {
      throw new Failure(
        `There is no ${report}: run \`npm test\` and \`npm run test:faults\` first.`,
      );
    }
    /** @type {{ testResults: { assertionResults: any[] }[] }} */
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    return testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .map(({ ancestorTitles, title, status }) => ({
        title: [...ancestorTitles, title].join(" > "),
        status,
      }));
  });
}

function rustTests() {
  const directories = ["src", "tests"].filter((directory) => existsSync(inProject(directory)));
  const files = directories.flatMap((directory) =>
    readdirSync(inProject(directory), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".rs"))
      .map((file) => readText(directory, file)),
  );
  return new Set(
    files.flatMap((text) => [...text.matchAll(/\bfn (\w+)/g)].map(([, name]) => name)),
  );
}

await main(() => {
  const given = process.argv.slice(2);
  const reports = given.length > 0 ? given : [vitestReport("driver"), vitestReport("faults")];
  const ran = outcomes(reports);
  const rust = rustTests();

  /** @param {string} test @returns {string | undefined} what speaks against it */
  function objection(test) {
    const [, kind, name = ""] = /^(cargo|nightly): (.+)$/.exec(test) ?? [];
    if (kind === "cargo") {
      return rust.has(name) ? undefined : "no such Rust test";
    }
    if (kind === "nightly") {
      return nightlySteps.some((step) => step.name === name) ? undefined : "no such step";
    }
    const own = ran.filter(({ title }) => title.includes(test));
    const red = own.find(({ status }) => status !== "passed");
    if (own.length === 0) {
      return "no test with this title ran";
    }
    return red ? `${red.status}: ${red.title}` : undefined;
  }

  const table = rows();
  const numbers = new Set(table.map(({ number }) => number));
  const problems = [
    ...Array.from({ length: cases }, (_, index) => index + 1)
      .filter((number) => !numbers.has(number))
      .map((number) => `case ${number}: no row`),
    ...table
      .filter(({ number, tests }) => tests.length === 0 && !partlyElsewhere.has(number))
      .map(({ number }) => `case ${number}: no test`),
    ...table.flatMap(({ number, tests }) =>
      tests.flatMap((test) => {
        const reason = objection(test);
        return reason ? [`case ${number}: \`${test}\`: ${reason}`] : [];
      }),
    ),
    // A test of a case that no row speaks of would be forgotten.
    ...ran
      .flatMap(({ title }) => [...title.matchAll(/\[case (\d+)\]/g)].map(([tag]) => tag))
      .filter((tag, index, all) => all.indexOf(tag) === index)
      .filter((tag) => !table.some(({ tests }) => tests.includes(tag)))
      .map((tag) => `${tag}: a test, and no row that names it`),
  ];
  if (problems.length > 0) {
    throw new Failure(problems.join("\n  "));
  }
  console.log(`${cases} cases in ${table.length} rows, each with tests that passed`);
});
