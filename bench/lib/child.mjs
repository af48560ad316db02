// One measured process: started, waited for, its one line of JSON read.
import { spawn } from "node:child_process";

import { Failure } from "../../scripts/lib/steps.mjs";

/** No single round takes longer unless something hangs. */
const timeout = 180_000;

// Nothing of the shell that starts the bench may reach what is measured: no AWS settings, no Node flags.
export const inherited = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|NODE_|SSL_|npm_|NAPI_|UNSTORAGE_)/.test(name),
  ),
);

/**
 * @param {string} command
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<any>}
 */
export function measured(command, parameters, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      env: { ...inherited, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk) => (stderr += chunk));
    child.on("error", (error) => reject(new Failure(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(JSON.parse(stdout));
      } else {
        const reason = signal ? `was stopped by ${signal}` : `failed (exit code ${code})`;
        reject(new Failure(`${command} ${parameters.join(" ")} ${reason}:\n${stderr}${stdout}`));
      }
    });
  });
}
