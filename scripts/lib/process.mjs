// Runs child processes and passes their output through, so that progress stays visible.
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";

import { inProject, readJson, root } from "./project.mjs";
import { Failure } from "./steps.mjs";

/**
 * @typedef {object} StartOptions
 * @property {string} [cwd] default: the repository
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default: this process's own
 * @property {"shown" | "kept" | "both"} [stdout] default: shown
 * @property {"shown" | "kept"} [stderr] default: shown
 * @property {number} [minutes] the time after which it is killed
 * @property {boolean} [group] uses a separate process group, so that its own children end with it
 */

/** @type {Set<() => void>} */
const running = new Set();
process.on("exit", () => running.forEach((kill) => kill()));

/**
 * Starts a program that does not outlive this process. If a signal ends it, the exit code is 1.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {StartOptions} [options]
 */
export function start(command, parameters, options = {}) {
  const { cwd = root, env = process.env, stdout = "shown", stderr = "shown", minutes } = options;
  const group = options.group === true && process.platform !== "win32";
  const child = spawn(command, parameters, {
    cwd,
    env,
    stdio: [
      group || stdout === "kept" ? "ignore" : "inherit",
      stdout === "shown" ? "inherit" : "pipe",
      stderr === "shown" ? "inherit" : "pipe",
    ],
    detached: group,
  });
  const output = { stdout: "", all: "", isLate: false };
  child.stdout?.setEncoding("utf8").on("data", (chunk) => {
    output.stdout += chunk;
    output.all += chunk;
    if (stdout === "both") process.stdout.write(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk) => (output.all += chunk));
  const kill = () => {
    try {
      if (group && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
  };
  running.add(kill);
  const late = () => {
    output.isLate = true;
    kill();
  };
  const timer = minutes === undefined ? undefined : setTimeout(late, minutes * 60_000);
  const exited = /** @type {Promise<number>} */ (
    new Promise((resolve, reject) => {
      child.on("error", (error) => reject(new Failure(`cannot run ${command}: ${error.message}`)));
      child.on("close", (code) => resolve(code ?? 1));
    })
  ).finally(() => {
    clearTimeout(timer);
    // Also ends the child processes of the command.
    if (group) kill();
    running.delete(kill);
  });
  return { child, output, exited, kill };
}

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean }} RunOptions `env`: added to this process's own */

/**
 * Runs a command and returns its exit code and, with `capture`, its stdout.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {RunOptions} [options]
 */
export async function attempt(command, parameters, { cwd, env, capture = false } = {}) {
  const stdout = capture ? "both" : "shown";
  const options = /** @type {const} */ ({ cwd, env: { ...process.env, ...env }, stdout });
  const { output, exited } = start(command, parameters, options);
  return { code: await exited, stdout: output.stdout };
}

/**
 * Runs a command and throws a `Failure` unless it succeeds.
 *
 * @type {(...of: Parameters<typeof attempt>) => Promise<void>}
 */
export async function run(command, parameters, options) {
  const { code } = await attempt(command, parameters, options);
  if (code !== 0) {
    const line = [path.basename(command), ...parameters].join(" ");
    throw new Failure(`\`${line}\` failed (exit code ${code})`);
  }
}

/** The end of a long output. @param {string} text */
export const tail = (text) => text.trimEnd().split("\n").slice(-40).join("\n");

/**
 * Runs a command and returns its output, which is not shown. A `Failure` quotes the end of it.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {StartOptions} options
 */
export async function runQuietly(command, parameters, options) {
  const kept = /** @type {const} */ ({ stdout: "kept", stderr: "kept" });
  const { output, exited } = start(command, parameters, { ...options, ...kept });
  const code = await exited;
  if (code !== 0) {
    const reason = output.isLate ? `stopped after ${options.minutes} min` : `exit code ${code}`;
    const line = [command, ...parameters].join(" ");
    throw new Failure(`\`${line}\` failed (${reason}):\n${tail(output.all)}`);
  }
  return output;
}

/**
 * Returns the output of a command, or undefined if it does not exist or fails.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {string} [cwd] default: the repository
 */
export function outputOf(command, parameters, cwd = root) {
  const { status, stdout } = spawnSync(command, parameters, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    // Cargo's metadata is over Node's default of 1 MiB.
    maxBuffer: 16 << 20,
  });
  return status === 0 ? stdout : undefined;
}

/** @param {string} command @param {string[]} parameters @returns {string} its output */
export function outputOrFail(command, parameters) {
  const output = outputOf(command, parameters);
  if (output === undefined) {
    throw new Failure(`\`${[command, ...parameters].join(" ")}\` failed: run it to see why.`);
  }
  return output;
}

/** Flags for `npm install` and `npm ci`: print only errors and run no install scripts. */
export const quietly =
  "--no-audit --no-fund --ignore-scripts --prefer-offline --no-progress --loglevel=error".split(
    " ",
  );

/**
 * Returns the command that starts npm, if possible the npm that started this script. On Windows, `npm` is a batch file,
 * which Node cannot start without a shell.
 *
 * @param {string[]} parameters
 * @returns {[string, string[]]}
 */
export function npm(parameters) {
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js")) {
    return [process.execPath, [script, ...parameters]];
  }
  const isWindows = process.platform === "win32";
  return isWindows ? ["cmd.exe", ["/c", "npm", ...parameters]] : ["npm", parameters];
}

/**
 * Returns the command that starts a tool of node_modules with this script's Node.
 *
 * @param {string} name of the package
 * @param {string[]} parameters
 * @param {string} [binary] if the package has several or uses another name
 * @returns {[string, string[]]}
 */
export function tool(name, parameters, binary = path.basename(name)) {
  const { bin } = readJson("node_modules", name, "package.json");
  const script = typeof bin === "string" ? bin : bin[binary];
  return [process.execPath, [inProject("node_modules", name, script), ...parameters]];
}
