// Counts: what each suite says about itself, and the line that sums them up.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { attempt, tool } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";
import { bold, elapsed, Failure, green, red } from "./steps.mjs";

/**
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 */

/**
 * Runs cargo's tests and adds up the summary of each test binary.
 *
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Count>}
 */
export async function cargoTest(parameters, env) {
  const options = { capture: true, env };
  const { code, stdout } = await attempt("cargo", ["test", ...parameters], options);
  const summaries = [...stdout.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)];
  const count = { passed: 0, failed: 0 };
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
 * @param {object} [options]
 * @param {string} [options.report] name of the report
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<Count>}
 */
export async function vitest(project, { report = project, env } = {}) {
  const file = vitestReport(report);
  mkdirSync(path.dirname(file), { recursive: true });
  // A report of an earlier run must not speak for this one.
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const [command, parameters] = tool("vitest", ["run", "--project", project, ...reporters]);
  const { code } = await attempt(command, parameters, { env });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
  return agree({ passed: numPassedTests, failed: numFailedTests }, code);
}

/**
 * A program that fails or succeeds as a whole counts as one.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @returns {Promise<Count>}
 */
export async function check(command, parameters) {
  const { code } = await attempt(command, parameters);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * A suite that failed without a failed test (it did not compile, a file did not load) and one that ran nothing are
 * failures too.
 *
 * @param {Count} count
 * @param {number} code
 * @returns {Count}
 */
function agree({ passed, failed }, code) {
  const isSilentFailure = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: isSilentFailure ? 1 : failed };
}

/** @typedef {[name: string, run: () => Count | Promise<Count>]} Suite */

/**
 * Runs every suite, also after one failed, and ends with `N passed, N failed`.
 *
 * @param {Suite[]} suites
 */
export async function runSuites(suites) {
  /** @type {(Count & { name: string })[]} */
  const results = [];
  for (const [name, suite] of suites) {
    console.log(`\n${bold(`▸ ${name}`)}`);
    const start = performance.now();
    const count = await counted(suite);
    results.push({ name: `${name} (${elapsed(start)})`, ...count });
  }
  console.log("");
  for (const { name, passed, failed } of results) {
    console.log(
      `${failed === 0 ? green("✔") : red("✘")} ${name}: ${passed} passed, ${failed} failed`,
    );
  }
  const total = (/** @type {"passed" | "failed"} */ key) =>
    results.reduce((sum, result) => sum + result[key], 0);
  // .ci/run reads this line, so it is bare and the last one.
  console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
  process.exitCode = total("failed") === 0 ? 0 : 1;
}

/**
 * @param {() => Count | Promise<Count>} suite
 * @returns {Promise<Count>}
 */
async function counted(suite) {
  try {
    return await suite();
  } catch (error) {
    // Also a report that is missing or cannot be read: what was not counted did not pass.
    console.error(red(error instanceof Failure ? error.message : (error?.stack ?? String(error))));
    return { passed: 0, failed: 1 };
  }
}
