// Counts the results of suites, and prints the summary.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { attempt, tool } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";
import { bold, elapsed, green, messageOf, red } from "./steps.mjs";

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {[name: string, run: () => Count | Promise<Count>]} Suite */

/**
 * Runs cargo's tests and adds up the results of all test binaries.
 *
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function cargoTest(parameters, env) {
  const options = { capture: true, env };
  const { code, stdout } = await attempt("cargo", ["test", ...parameters], options);
  const count = { passed: 0, failed: 0 };
  const summaries = stdout.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm);
  for (const [, passed, failed] of summaries) {
    count.passed += Number(passed);
    count.failed += Number(failed);
  }
  return agree(count, code);
}

/** @param {string} name */
export const vitestReport = (name) => path.join(cacheDirectory, "results", `${name}.json`);

/**
 * Runs a project of vitest.config.ts and reads its JSON report.
 *
 * @param {string} project
 * @param {{ report?: string, env?: NodeJS.ProcessEnv }} [options] `report`: its name, by default the project's
 */
export async function vitest(project, { report = project, env } = {}) {
  const file = vitestReport(report);
  mkdirSync(path.dirname(file), { recursive: true });
  // A report of an earlier run must not count.
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const [command, parameters] = tool("vitest", ["run", "--project", project, ...reporters]);
  const { code } = await attempt(command, parameters, { env });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
  return agree({ passed: numPassedTests, failed: numFailedTests }, code);
}

/** Runs a program that counts as one test. @param {string} command @param {string[]} parameters */
export async function check(command, parameters) {
  const { code } = await attempt(command, parameters);
  return agree({ passed: Number(code === 0), failed: 0 }, code);
}

/**
 * Counts a suite as failed if it failed without a failed test (for example, if it did not compile) or ran no tests.
 *
 * @param {Count} count
 * @param {number} code
 * @returns {Count}
 */
export function agree({ passed, failed }, code) {
  const isSilentFailure = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: isSilentFailure ? 1 : failed };
}

/** Prints the last line, which .ci/run reads. @param {Count} count */
export function finish({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Runs every suite, even after a failure, and ends with `N passed, N failed`. @param {Suite[]} suites */
export async function runSuites(suites) {
  const total = { passed: 0, failed: 0 };
  const lines = [];
  for (const [name, suite] of suites) {
    console.log(`\n${bold(`▸ ${name}`)}`);
    const start = performance.now();
    /** @type {Count} */
    let count = { passed: 0, failed: 1 };
    try {
      count = await suite();
    } catch (error) {
      // Includes a missing or invalid report.
      console.error(red(messageOf(error)));
    }
    const { passed, failed } = count;
    const mark = failed === 0 ? green("✔") : red("✘");
    lines.push(`${mark} ${name} (${elapsed(start)}): ${passed} passed, ${failed} failed`);
    total.passed += passed;
    total.failed += failed;
  }
  console.log(["", ...lines].join("\n"));
  finish(total);
}
