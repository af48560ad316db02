// A Node of its own that prints one line of JSON.
import { spawn } from "node:child_process";

/**
 * @param {string[]} parameters
 * @returns {Promise<any>}
 */
export function outputOfNode(parameters) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, parameters, {
      stdio: ["ignore", "pipe", "inherit"],
      // Nothing of the machine's own AWS settings.
      env: { PATH: process.env.PATH, HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" },
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (stdout += chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
      } else {
        reject(new Error(`the process ended with ${code ?? signal}: ${stdout}`));
      }
    });
  });
}
