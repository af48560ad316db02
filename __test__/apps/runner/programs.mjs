// Other versions of Node, Bun, Deno and pnpm: npm packages with the program inside, installed when first asked for.
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

/** Of every `npm install` here. npm itself waits five minutes for a registry that has stopped to answer. */
export const npmFlags = [...quietly, "--fetch-timeout=30000", "--fetch-retries=4"];

/** Pinned: a runtime that changes by itself would change what is tested. */
const programs = /** @type {const} */ ({
  node22: [nodePackage, "22.23.3", `bin/node${suffix}`],
  node24: [nodePackage, "24.21.0", `bin/node${suffix}`],
  node26: [nodePackage, "26.10.0", `bin/node${suffix}`],
  bun: [bunPackage, "1.4.5", `bin/bun${suffix}`],
  deno: [denoPackage, "2.9.6", `deno${suffix}`],
  pnpm: ["pnpm", "10.34.9", "bin/pnpm.cjs"],
});

/** @typedef {keyof typeof programs | "node"} Program */

/** Deno asks for every permission, and would fetch packages of its own. */
const deno = "run --allow-env --allow-read --allow-ffi --allow-sys --node-modules-dir=manual".split(
  " ",
);

/**
 * How to start a script.
 *
 * @param {Program} name
 * @param {boolean} serves a script that serves must be allowed to; the addon opens its connections without being asked
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

/** The file to run. It is kept in `.cache`, by its version. @param {Program} name */
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
