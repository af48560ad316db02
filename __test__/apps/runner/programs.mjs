// Other versions of Node, Bun, Deno and pnpm: npm packages with the program inside, installed when first asked for.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { npm, quietly } from "../../../scripts/lib/process.mjs";
import { cacheDirectory } from "../../../scripts/lib/project.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";
import { runInstall } from "./processes.mjs";

const { platform, arch } = process;
const suffix = platform === "win32" ? ".exe" : "";

/** @param {string} version */
const node = (version) => ({
  package: `node-${platform === "win32" ? "win" : platform}-${arch}`,
  version,
  file: `bin/node${suffix}`,
});

/** Of every `npm install` here. npm itself waits five minutes for a registry that has stopped to answer. */
export const npmFlags = [...quietly, "--fetch-timeout=30000", "--fetch-retries=4"];

const ovenArch = arch === "arm64" ? "aarch64" : arch;
/** Pinned: a runtime that changes by itself would change what is tested. */
const programs = {
  node22: node("22.23.3"),
  node24: node("24.21.0"),
  node26: node("26.10.0"),
  bun: { package: `@oven/bun-${platform}-${ovenArch}`, version: "1.4.5", file: `bin/bun${suffix}` },
  deno: {
    package: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    version: "2.9.6",
    file: `deno${suffix}`,
  },
  pnpm: { package: "pnpm", version: "10.34.9", file: "bin/pnpm.cjs" },
};

/** What comes before a script. Deno asks for every permission, and would fetch packages of its own. */
const words = {
  deno: [
    "run",
    "--allow-env",
    "--allow-read",
    "--allow-ffi",
    "--allow-sys",
    "--node-modules-dir=manual",
  ],
};

/** @typedef {keyof typeof programs | "node"} Program */

/**
 * How to start a script.
 *
 * @param {Program} name
 * @param {boolean} serves a script that serves must be allowed to; the addon opens its connections without being asked
 * @returns {Promise<string[]>}
 */
export async function programCommand(name, serves) {
  const parameters = name === "deno" ? [...words.deno, ...(serves ? ["--allow-net"] : [])] : [];
  return [await programFile(name), ...parameters];
}

/** @param {Program} name */
export const versionOf = (name) =>
  name === "node" ? process.versions.node : programs[name].version;

/** @type {Map<Program, Promise<string>>} */
const files = new Map();

/**
 * The file to run. It is kept in `.cache`, by its version.
 *
 * @param {Program} name
 */
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
  const wanted = programs[name];
  const folder = path.join(cacheDirectory, "programs", `${name}-${wanted.version}`);
  const file = path.join(folder, "node_modules", wanted.package, wanted.file);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true }));
    const exact = `${wanted.package}@${wanted.version}`;
    await runInstall(flat(npm(["install", "--no-save", ...npmFlags, exact])), { cwd: folder });
  }
  if (!existsSync(file)) {
    throw new Failure(`${wanted.package}@${wanted.version} holds no ${wanted.file}.`);
  }
  return file;
}

/**
 * @param {[string, string[]]} command
 * @returns {string[]}
 */
export const flat = ([program, parameters]) => [program, ...parameters];
