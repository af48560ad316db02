// Child processes, with their output passing through so that progress stays visible.
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
 * @property {number} [minutes] after which it is killed
 * @property {boolean} [group] in a process group of its own, so that what it started ends with it
 */

/** @type {Set<() => void>} */
const running = new Set();
process.on("exit", () => running.forEach((kill) => kill()));

/**
 * Starts a program that does not outlive this process. A signal that ends it counts as exit code 1.
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
      if (group && child.pid !== undefined) {
        process.kill(-child.pid, "SIGKILL");
      } else {
        child.kill("SIGKILL");
      }
    } catch {
      // It has ended already.
    }
  };
  running.add(kill);
  const timer = setTimeout(
    () => {
      output.isLate = true;
      kill();
    },
    (minutes ?? 0) * 60_000,
  );
  if (minutes === undefined) clearTimeout(timer);
  const exited = /** @type {Promise<number>} */ (
    new Promise((resolve, reject) => {
      child.on("error", (error) => reject(new Failure(`cannot run ${command}: ${error.message}`)));
      child.on("close", (code) => resolve(code ?? 1));
    })
  ).finally(() => {
    clearTimeout(timer);
    // What it started itself ends with it.
    if (group) kill();
    running.delete(kill);
  });
  return { child, output, exited, kill };
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] default: the repository
 * @property {NodeJS.ProcessEnv} [env] added to this process's own
 * @property {boolean} [capture] also return what it wrote on stdout
 */

/**
 * Runs to the end and tells how that went.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {RunOptions} [options]
 */
export async function attempt(command, parameters, { cwd, env, capture = false } = {}) {
  const { output, exited } = start(command, parameters, {
    cwd,
    env: { ...process.env, ...env },
    stdout: capture ? "both" : "shown",
  });
  return { code: await exited, stdout: output.stdout };
}

/**
 * Runs to the end; anything but success is a `Failure`.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {RunOptions} [options]
 */
export async function run(command, parameters, options) {
  const { code } = await attempt(command, parameters, options);
  if (code !== 0) {
    throw new Failure(
      `\`${[path.basename(command), ...parameters].join(" ")}\` failed (exit code ${code})`,
    );
  }
}

/**
 * What a command prints, or undefined where there is no such command or it fails.
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

/** Of an `npm install` or `npm ci` that says only what went wrong, and runs nothing of what it installs. */
export const quietly = [
  "--no-audit",
  "--no-fund",
  "--ignore-scripts",
  "--prefer-offline",
  "--no-progress",
  "--loglevel=error",
];

/**
 * How to start npm: through the same npm that started this script, where there is one. On Windows `npm` is a batch
 * file, which Node does not start without a shell.
 *
 * @param {string[]} parameters
 * @returns {[string, string[]]}
 */
export function npm(parameters) {
  const script = process.env.npm_execpath;
  if (script && path.basename(script) === "npm-cli.js") {
    return [process.execPath, [script, ...parameters]];
  }
  return process.platform === "win32"
    ? ["cmd.exe", ["/c", "npm", ...parameters]]
    : ["npm", parameters];
}

/**
 * How to start a tool of node_modules by the Node that runs this script.
 *
 * @param {string} name of the package
 * @param {string[]} parameters
 * @param {string} [binary] where the package has several or names it otherwise
 * @returns {[string, string[]]}
 */
export function tool(name, parameters, binary = path.basename(name)) {
  const { bin } = readJson("node_modules", name, "package.json");
  const script = typeof bin === "string" ? bin : bin[binary];
  return [process.execPath, [inProject("node_modules", name, script), ...parameters]];
}
