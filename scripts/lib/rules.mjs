// Compares the rules in documents with those in tests: docs/SEMANTICS.md (`[TTL-6]`) and docs/RELIABILITY.md (`[case
// 18]`).
//
// A test names a rule by its ID in square brackets: in the title of a JavaScript test, or in the comment above a Rust
// test.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { filesIn, inProject, readText } from "./project.mjs";
import { vitestReport } from "./results.mjs";
import { Failure } from "./steps.mjs";

/** @param {string} text */
const referencesIn = (text) =>
  [...text.matchAll(/\[([A-Z]{2,4}-\d+)\]/g)].map(([, id]) => String(id));

const rustFiles = () =>
  [...filesIn("src"), ...filesIn("tests")].filter((file) => file.endsWith(".rs"));

/**
 * Reads vitest's reports: the file, title and status of every test.
 *
 * @param {string[]} names of the reports
 * @returns {{ file: string, title: string, status: string }[]}
 */
function outcomes(names) {
  return names.map(vitestReport).flatMap((report) => {
    if (!existsSync(report)) {
      const first = "run `npm test` and `npm run test:faults` first";
      throw new Failure(`There is no ${report}: ${first}.`);
    }
    /** @type {{ testResults: { name: string, assertionResults: any[] }[] }} */
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ ancestorTitles, title, status }) => ({
        file: path.relative(inProject(), name),
        title: [...ancestorTitles, title].join(" > "),
        status,
      })),
    );
  });
}

/** @returns {Map<string, Set<string>>} id → files that contain it */
function rulesInSources() {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  const specs = filesIn("__test__").filter((file) => file.endsWith(".ts"));
  for (const file of [...specs, ...rustFiles()]) {
    // In TypeScript, comments do not count; in Rust, test titles are function names, so only comments can contain IDs.
    const carries = (/** @type {string} */ line) =>
      /^\s*(\/\/|\*|\/\*)/.test(line) === file.endsWith(".rs");
    for (const id of readText(file).split("\n").filter(carries).flatMap(referencesIn)) {
      found.set(id, (found.get(id) ?? new Set()).add(file));
    }
  }
  return found;
}

/** @param {boolean} hasReports @returns {string[]} the problems */
export function checkSemantics(hasReports) {
  const rows = readText("docs/SEMANTICS.md").matchAll(/^\| ([A-Z]{2,4}-\d+) \|/gm);
  const documented = [...rows].map(([, id]) => String(id));
  const twice = documented.filter((id, index) => documented.indexOf(id) !== index);
  const sources = rulesInSources();
  const ran = hasReports ? outcomes(["driver"]) : [];
  const files = new Set(ran.map(({ file }) => file));
  const passed = ran.filter(({ status }) => status === "passed");
  const proved = new Set(passed.flatMap(({ title }) => referencesIn(title)));
  // A file that is not in the report belongs to another suite (cargo or package), which has its own result.
  const isTested = (/** @type {string} */ id) =>
    proved.has(id) || [...(sources.get(id) ?? [])].some((file) => !files.has(file));
  console.log(`${documented.length} rules`);
  return [
    ...(documented.length === 0 ? ["docs/SEMANTICS.md: no rules"] : []),
    ...twice.map((id) => `docs/SEMANTICS.md: ${id} is given twice`),
    ...documented
      .filter((id) => !isTested(id))
      .map((id) => `${id}: no ${sources.has(id) ? "passing " : ""}test carries [${id}]`),
    ...[...sources]
      .filter(([id]) => !documented.includes(id))
      .map(([id, where]) => `${[...where].join(", ")}: [${id}] is no rule of docs/SEMANTICS.md`),
  ];
}

const cases = 52;
/** Some of the tests of these cases may need another system. */
const partlyElsewhere = new Set([30, 32, 50]);

/**
 * The tests of a row are in backticks: a part of a test's title, `cargo: NAME` for a Rust test (whose result is
 * cargo's), or `nightly: STEP` for a step of .ci/nightly. A row without tests says why they cannot run here, if that is
 * allowed.
 *
 * @param {boolean} hasReports
 * @returns {string[]} the problems
 */
export function checkReliability(hasReports) {
  const pattern = /^\| (\d+) \| [^|]+ \| [^|]+ \| ([^|]*) \| [^|]+ \|$/gm;
  const table = [...readText("docs/RELIABILITY.md").matchAll(pattern)].map(
    ([, number, tests = ""]) => ({
      number: Number(number),
      tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, test]) => String(test)),
    }),
  );
  const ran = hasReports ? outcomes(["driver", "faults"]) : [];
  const rust = rustFiles()
    .map((file) => readText(file))
    .join("\n");
  const nightly = readText(".ci", "nightly").matchAll(/ min \| (.+?) *\|/g);
  const steps = new Set([...nightly].map(([, name]) => name));

  /** @param {string} test @returns {string | undefined} the problem, if any */
  function objection(test) {
    const [, kind, name = ""] = /^(cargo|nightly): (.+)$/.exec(test) ?? [];
    if (kind === "cargo") {
      return rust.includes(`fn ${name}(`) ? undefined : "no such Rust test";
    }
    if (kind === "nightly") {
      return steps.has(name) ? undefined : "no such step in .ci/nightly";
    }
    const own = ran.filter(({ title }) => title.includes(test));
    const red = own.find(({ status }) => status !== "passed");
    if (hasReports && own.length === 0) {
      return "no test with this title ran";
    }
    return red ? `${red.status}: ${red.title}` : undefined;
  }

  const tags = ran.flatMap(({ title }) => [...title.matchAll(/\[case \d+\]/g)].map(([tag]) => tag));
  console.log(`${cases} cases in ${table.length} rows`);
  return [
    ...Array.from({ length: cases }, (_, index) => index + 1)
      .filter((wanted) => !table.some(({ number }) => number === wanted))
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
    // Tests of a case that is not listed in any row.
    ...[...new Set(tags)]
      .filter((tag) => !table.some(({ tests }) => tests.includes(tag)))
      .map((tag) => `${tag}: a test, and no row that names it`),
  ];
}
