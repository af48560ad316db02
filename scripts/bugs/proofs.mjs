// Runs the tests that prove bugs, in the copy, and tells what became of each one that carries a bug's rule.
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { hostTarget } from "../lib/cargo.mjs";
import { tool } from "../lib/process.mjs";
import { inTree, tree } from "./copy.mjs";
import { lastLines, quietly } from "./quiet.mjs";

/**
 * @typedef {import("./list.mjs").Bug} Bug
 *
 * @typedef {object} Outcome
 * @property {string} title
 * @property {boolean} passed
 * @property {boolean} late it failed only because it did not end in time
 *
 * @typedef {object} Run
 * @property {string} [broken] why nothing can be said of the tests
 * @property {Outcome[]} outcomes of every test that ran
 */

const buildMinutes = 15;
const testMinutes = 5;

/** Builds the addon in the copy; gives the reason where that fails. */
export async function buildAddonOfCopy() {
  const script = [inTree("scripts", "build.mjs")];
  const { succeeded, output } = await quietly(process.execPath, script, {
    cwd: tree,
    minutes: buildMinutes,
  });
  return succeeded ? undefined : `the addon does not build\n${lastLines(output)}`;
}

/**
 * @param {string} suite a file of tests/, or `lib`
 * @param {string[]} names
 * @returns {Promise<Run>}
 */
async function runCargo(suite, names) {
  // With the target named, so that addon and tests share one build of the dependencies.
  const parameters = ["test", "--no-default-features", "--target", hostTarget(), "--no-run"];
  parameters.push("--message-format", "json-render-diagnostics");
  parameters.push(...(suite === "lib" ? ["--lib"] : ["--test", suite]));
  const build = await quietly("cargo", parameters, { cwd: tree, minutes: buildMinutes });
  const program = build.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .findLast(({ executable, profile }) => executable && profile.test)?.executable;
  if (!build.succeeded || !program) {
    return { broken: `the tests do not build\n${lastLines(build.output)}`, outcomes: [] };
  }
  // Not through cargo: one that hangs can then be killed.
  const { stdout, late } = await quietly(program, ["--exact", ...names], {
    cwd: tree,
    minutes: testMinutes,
  });
  // A test may print on the line of its name, so the verdicts are those of the list at the end, and of what passed.
  const outcomes = names.map((name) => ({
    title: name,
    passed: new RegExp(`^test ${name} \\.\\.\\. ok$`, "m").test(stdout),
    failed: new RegExp(`^    ${name}$`, "m").test(stdout.split("\nfailures:\n").at(-1) ?? ""),
  }));
  return {
    broken: late ? `the tests did not end within ${testMinutes} min` : undefined,
    outcomes: outcomes
      .filter(({ passed, failed }) => passed || failed)
      .map(({ title, passed }) => ({ title: withRules(suite, title), passed, late: false })),
  };
}

/**
 * A Rust test with the ids in the comment above it, which is where its title can carry them.
 *
 * @param {string} suite
 * @param {string} name
 */
function withRules(suite, name) {
  const modules = name.split("::");
  const test = modules.pop();
  const file =
    suite === "lib" ? ["src", ...modules.filter((part) => part !== "tests")] : ["tests", suite];
  const lines = readFileSync(`${inTree(...file)}.rs`, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(`fn ${test}(`));
  const isAbove = (/** @type {string} */ line) => /^\s*(\/\/|#\[)/.test(line);
  let first = at;
  while (first > 0 && isAbove(lines[first - 1] ?? "")) {
    first -= 1;
  }
  const rules =
    lines
      .slice(first, at)
      .join("\n")
      .match(/\[[A-Z]{2,4}-\d+\]/g) ?? [];
  return [...rules, test].join(" ");
}

/**
 * @param {string[]} files
 * @param {string[]} rules
 * @param {string} endpoint of an engine that serves the whole run
 * @returns {Promise<Run>}
 */
async function runVitest(files, rules, endpoint) {
  const report = inTree(".cache", "report.json");
  // A report of an earlier run must not speak for this one.
  rmSync(report, { force: true });
  const [command, parameters] = tool("vitest", ["run", "--project", "driver", ...files]);
  parameters.push("--testNamePattern", `\\[(${rules.join("|")})\\]`);
  parameters.push("--reporter=json", `--outputFile.json=${report}`);
  const env = { DYNAMODB_ENDPOINT: endpoint, DYNAMODB_ENGINE: "dynoxide" };
  const { output, late } = await quietly(command, parameters, {
    cwd: tree,
    minutes: testMinutes,
    env,
  });
  if (late || !existsSync(report)) {
    const reason = late ? `vitest did not end within ${testMinutes} min` : "vitest left no report";
    return { broken: `${reason}\n${lastLines(output)}`, outcomes: [] };
  }
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const isLate = (/** @type {string} */ message) => /timed out in \d+ ?ms/.test(message);
  const outcomes = testResults.flatMap((/** @type {any} */ { name, assertionResults }) =>
    assertionResults
      .filter((/** @type {any} */ { status }) => status === "passed" || status === "failed")
      .map((/** @type {any} */ { fullName, status, failureMessages }) => ({
        title: `${path.basename(name)} ${fullName}`,
        passed: status === "passed",
        late: (failureMessages ?? []).some(isLate),
      })),
  );
  return { outcomes };
}

/**
 * Runs the tests of these bugs, each suite once.
 *
 * @param {Bug[]} bugs
 * @param {string} endpoint
 * @returns {Promise<Run>}
 */
export async function prove(bugs, endpoint) {
  /** @type {Run[]} */
  const runs = [];
  const suites = new Set(bugs.flatMap(({ cargo }) => cargo?.slice(0, 1) ?? []));
  for (const suite of suites) {
    const names = bugs.flatMap(({ cargo }) => (cargo?.[0] === suite ? cargo.slice(1) : []));
    runs.push(await runCargo(suite, [...new Set(names)]));
  }
  const inJavaScript = bugs.filter(({ vitest }) => vitest);
  if (inJavaScript.length > 0) {
    const files = new Set(inJavaScript.map(({ vitest }) => String(vitest)));
    const rules = new Set(inJavaScript.map(({ rule }) => rule));
    runs.push(await runVitest([...files], [...rules], endpoint));
  }
  const broken = runs.flatMap((run) => run.broken ?? []).join("\n");
  return { broken: broken || undefined, outcomes: runs.flatMap(({ outcomes }) => outcomes) };
}

/**
 * The tests among them that are to prove this bug.
 *
 * @param {Bug} bug
 * @param {Outcome[]} outcomes
 */
export const proofsOf = ({ rule, cargo, vitest }, outcomes) =>
  outcomes.filter(({ title }) => {
    const isOfFile = vitest
      ? title.startsWith(`${path.basename(vitest)} `)
      : title.endsWith(` ${cargo?.[1]?.split("::").at(-1)}`);
    return isOfFile && title.includes(`[${rule}]`);
  });
