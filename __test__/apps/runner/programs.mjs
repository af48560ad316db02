// Other versions of Node, Bun, Deno, pnpm and Yarn: npm packages that contain the program, installed on first use.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { npm, quietly } from "../../../scripts/lib/process.mjs";
import { cacheDirectory } from "../../../scripts/lib/project.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";
import { runInstall } from "./processes.mjs";

const { platform, arch } = process;
const suffix = platform === "win32" ? ".exe" : "";
const nodePackage = `node-${platform === "win32" ? "win" : platform}-${arch}`;
const bunPackage = `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`;
const denoPackage = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;

/**
 * Flags for every `npm install` here. By default, npm waits five minutes for a registry that has stopped responding.
 */
export const npmFlags = [...quietly, "--fetch-timeout=30000", "--fetch-retries=4"];

/** Pinned, so that the tests do not change by themselves. */
const programs = /** @type {const} */ ({
  node22: [nodePackage, "22.23.3", `bin/node${suffix}`],
  node24: [nodePackage, "24.21.0", `bin/node${suffix}`],
  node26: [nodePackage, "26.10.0", `bin/node${suffix}`],
  bun: [bunPackage, "1.4.5", `bin/bun${suffix}`],
  deno: [denoPackage, "2.9.6", `deno${suffix}`],
  pnpm: ["pnpm", "10.34.9", "bin/pnpm.cjs"],
  yarn: ["@yarnpkg/cli-dist", "4.18.1", "bin/yarn.js"],
});

/** @typedef {keyof typeof programs | "node"} Program */

/** Deno prompts for every permission, and would fetch packages itself. */
const deno = "run --allow-env --allow-read --allow-ffi --allow-sys --node-modules-dir=manual".split(
  " ",
);

/**
 * Returns the command that starts a script.
 *
 * @param {Program} name
 * @param {boolean} serves whether the script needs permission to serve; the addon opens its connections without
 * permission
 * @returns {Promise<string[]>}
 */
export async function programCommand(name, serves) {
  const parameters = name === "deno" ? [...deno, ...(serves ? ["--allow-net"] : [])] : [];
  return [await programFile(name), ...parameters];
}

/** @param {Program} name */
export const versionOf = (name) => (name === "node" ? process.versions.node : programs[name][1]);

/** @type {Map<Program, Promise<string>>} */
const files = new Map();

/** Returns the executable, cached in `.cache` by version. @param {Program} name */
export async function programFile(name) {
  if (name === "node") {
    return process.execPath;
  }
  const known = files.get(name) ?? install(name);
  files.set(name, known);
  return known;
}

/** @param {keyof typeof programs} name */
async function install(name) {
  const [packageName, version, program] = programs[name];
  const folder = path.join(cacheDirectory, "programs", `${name}-${version}`);
  const file = path.join(folder, "node_modules", packageName, program);
  const exact = `${packageName}@${version}`;
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true }));
    await runInstall(npmCommand("install", "--no-save", ...npmFlags, exact), folder);
  }
  if (!existsSync(file)) {
    throw new Failure(`${exact} holds no ${program}.`);
  }
  return file;
}

/** @param {...string} parameters */
export const npmCommand = (...parameters) => npm(parameters).flat();
