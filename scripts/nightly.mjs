// `npm run nightly [-- --list] [-- --only NAME…] [-- --except NAME…]`: the steps of scripts/nightly/steps.mjs, one after the other, each
// within its budget. Ends with `N passed, N failed`.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { cacheDirectory, root } from "./lib/project.mjs";
import { runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";
import { nightlySteps } from "./nightly/steps.mjs";

/**
 * Runs a step to its end or to the end of its time, whichever comes first.
 *
 * @param {import("./nightly/steps.mjs").NightlyStep} step
 * @returns {Promise<import("./lib/results.mjs").Count>}
 */
function attempt({ name, minutes, command: [command = "", ...parameters], env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
      // A group of its own, so that what it started ends with it.
      detached: true,
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      process.stdout.write(chunk);
    });
    const timer = setTimeout(() => {
      console.error(`${name}: stopped, more than ${minutes} min`);
      process.kill(-(child.pid ?? 0), "SIGKILL");
    }, minutes * 60_000);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      const line = [...stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
      const passed = line ? Number(line[1]) : Number(code === 0);
      const failed = line ? Number(line[2]) : 0;
      // What failed without saying so, or ran nothing, has failed.
      const isSilent = failed === 0 && (code !== 0 || passed === 0);
      resolve({ passed, failed: isSilent ? 1 : failed });
    });
  });
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      list: { type: "boolean" },
      only: { type: "string", multiple: true },
      except: { type: "string", multiple: true, default: [] },
    },
  });
  const named = [...(values.only ?? []), ...values.except];
  const unknown = named.filter((name) => !nightlySteps.some((step) => step.name === name));
  if (unknown.length > 0) {
    throw new Failure(`There is no step "${unknown.join('", "')}": see --list.`);
  }
  const chosen = nightlySteps.filter(
    ({ name }) => (values.only?.includes(name) ?? true) && !values.except.includes(name),
  );
  if (values.list) {
    chosen.forEach(({ name, minutes }) =>
      console.log(`${String(minutes).padStart(3)} min  ${name}`),
    );
    return;
  }
  // Before hours of work, and for all steps at once.
  await ensureTools(...chosen.flatMap(({ needs = [] }) => needs));
  mkdirSync(path.join(cacheDirectory, "results"), { recursive: true });
  await runSuites(chosen.map((step) => [step.name, () => attempt(step)]));
});
