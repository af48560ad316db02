// Child processes whose output matters only when something is wrong with the run itself: here red tests are the plan.
import { spawn } from "node:child_process";

/**
 * @typedef {object} Ended
 * @property {boolean} succeeded
 * @property {boolean} late it did not end by itself
 * @property {string} stdout
 * @property {string} output stdout and stderr as they came
 */

/**
 * @param {string} command
 * @param {string[]} parameters
 * @param {object} options
 * @param {string} options.cwd
 * @param {number} options.minutes after which it is killed: a planted bug may loop for ever
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<Ended>}
 */
export function quietly(command, parameters, { cwd, minutes, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd,
      // One that is set would be loaded in place of the addon with the bug.
      env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: "", NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, output, late] = ["", "", false];
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, minutes * 60_000);
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ succeeded: code === 0, late, stdout, output });
    });
  });
}

/** @param {string} text */
export const lastLines = (text) => text.trimEnd().split("\n").slice(-25).join("\n");
