// The folders of temporary apps, outside the repository so that no parent folder has a node_modules.
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { inProject, readJson } from "../../../scripts/lib/project.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";
import { runInstall } from "./processes.mjs";
import { npmCommand, npmFlags, programFile } from "./programs.mjs";

const manifests = new Set(
  "package.json package-lock.json pnpm-lock.yaml pnpm-workspace.yaml".split(" "),
);

const { version } = readJson("package.json");
const exact = `unstorage-dynamodb@${version}`;

export class Workspace {
  root = fs.mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-apps-"));
  #registry;
  /** @type {Map<string, string>} */
  #installed = new Map();
  #moved = 0;

  /** @param {NodeJS.ProcessEnv} registry the variables that select a registry with the packages of this clone */
  constructor(registry) {
    this.#registry = registry;
    for (let folder = this.root; folder !== path.dirname(folder); folder = path.dirname(folder)) {
      if (fs.existsSync(path.join(folder, "node_modules"))) {
        throw new Failure(`${folder} has a node_modules, which would hide what an output lacks.`);
      }
    }
  }

  /** Installs this package in addition to those of a folder. @param {string} folder */
  addPackage(folder) {
    // Without a package.json, npm would use the parent folder.
    const manifest = path.join(folder, "package.json");
    if (!fs.existsSync(manifest)) {
      fs.writeFileSync(manifest, JSON.stringify({ private: true }));
    }
    // npm's own cache may have answers of another registry that had the same port.
    const cache = ["--cache", path.join(this.root, "npm-cache")];
    const install = npmCommand("install", "--no-save", ...npmFlags, ...cache, exact);
    return runInstall(install, folder, this.#registry);
  }

  /**
   * Creates a folder with node_modules, once for all apps with the same dependencies.
   *
   * @param {string} name of a folder in `__test__/apps/installs`
   */
  async install(name) {
    const known = this.#installed.get(name);
    if (known !== undefined) {
      return known;
    }
    const folder = path.join(this.root, name);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.cpSync(inProject("__test__", "apps", "installs", name), folder, { recursive: true });
    if (fs.existsSync(path.join(folder, "pnpm-lock.yaml"))) {
      await this.#pnpm(folder);
    } else {
      await runInstall(npmCommand("ci", ...npmFlags), folder);
      await this.addPackage(folder);
    }
    this.#installed.set(name, folder);
    return folder;
  }

  /** @param {string} folder */
  async #pnpm(folder) {
    const pnpm = [process.execPath, await programFile("pnpm")];
    const offline = ["--prefer-offline", "--reporter=append-only"];
    await runInstall([...pnpm, "install", "--frozen-lockfile", ...offline], folder);
    const cache = `--config.cache-dir=${path.join(this.root, "pnpm-cache")}`;
    await runInstall([...pnpm, "add", ...offline, cache, exact], folder, this.#registry);
  }

  /** Examples are for users and specify their own versions. @param {string} install @param {string} source */
  #checkVersions(install, source) {
    /** @type {Record<string, string>} */
    const expected = { ...pinned(install), "unstorage-dynamodb": version };
    for (const [name, named] of Object.entries(dependenciesOf(source))) {
      if (named !== expected[name]) {
        const difference = `names ${name} ${named}, and is tested with ${expected[name]}`;
        throw new Failure(`${source} ${difference}.`);
      }
    }
  }

  /**
   * Replaces the sources of the previous app with the same dependencies.
   *
   * @param {string} folder
   * @param {import("./list.mjs").App} app
   */
  fill(folder, { install, sources }) {
    const left = fs
      .readdirSync(folder)
      .filter((entry) => entry !== "node_modules" && !manifests.has(entry));
    // Bundlers keep caches in node_modules.
    for (const entry of [...left, "node_modules/.cache", "node_modules/.nitro"]) {
      fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
    }
    // A previous example may have left its own.
    const manifest = path.join("__test__", "apps", "installs", install, "package.json");
    fs.cpSync(inProject(manifest), path.join(folder, "package.json"));
    for (const source of sources) {
      this.#checkVersions(install, source);
      const isExample = source.startsWith("examples/");
      const filter = (/** @type {string} */ file) =>
        (isExample || !manifests.has(path.basename(file))) && !file.endsWith("node_modules");
      fs.cpSync(inProject(source), folder, { recursive: true, filter });
    }
  }

  /**
   * Moves the output to a place without node_modules in any parent folder, and hides the app.
   *
   * @param {string} folder
   * @param {string} output
   */
  move(folder, output) {
    const away = `${folder}.away`;
    const moved = path.join(this.root, `moved-${(this.#moved += 1)}`);
    fs.renameSync(path.join(folder, output), moved);
    fs.renameSync(folder, away);
    return {
      folder: moved,
      back() {
        fs.renameSync(away, folder);
        fs.rmSync(moved, { recursive: true, force: true });
      },
    };
  }

  remove() {
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The program of a package. @param {string} folder @param {string} name of the package */
export function programOf(folder, name) {
  const location = path.join(folder, "node_modules", name);
  const { bin } = JSON.parse(fs.readFileSync(path.join(location, "package.json"), "utf8"));
  const file = typeof bin === "string" ? bin : (bin[name] ?? Object.values(bin)[0]);
  return path.join(location, file);
}

/** @param {string} folder @returns {string[]} all files in it, without following links */
export function filesIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const addon = /unstorage-dynamodb[^/\\]*\.node$/;
/** Nitro 3 may inline the addon into a chunk as base64: matches a very long literal. */
const inlined = /(["'`])[A-Za-z0-9+/]{1000}.*?\1/s;
/** Excludes installed packages, which have long literals of their own. */
const isChunk = /^(?!.*[/\\]node_modules[/\\]).*\.m?js$/;

/** The size of a truncated addon, enough for the system to begin to load it. */
const bytesLeft = 4096;

/**
 * Runs `work` with every copy of the addon truncated, as after an interrupted download or on a full disk.
 *
 * @param {string} folder
 * @param {() => Promise<unknown>} work
 */
export async function withBrokenAddon(folder, work) {
  /** @type {[string, Buffer][]} */
  const originals = [];
  /**
   * Creates a new file, because a process that is exiting may still map the old one.
   *
   * @param {string} file
   * @param {Buffer} content
   * @param {string | Buffer} rest
   */
  const replace = (file, content, rest) => {
    originals.push([file, content]);
    fs.rmSync(file);
    fs.writeFileSync(file, rest, "latin1");
  };
  for (const file of filesIn(folder)) {
    if (addon.test(file)) {
      const content = fs.readFileSync(file);
      replace(file, content, content.subarray(0, bytesLeft));
    } else if (isChunk.test(file) && fs.statSync(file).size > 1_000_000) {
      const content = fs.readFileSync(file);
      const text = content.toString("latin1");
      const broken = text.replace(inlined, "$1Z2FyYmFnZQ==$1");
      if (broken !== text) {
        replace(file, content, broken);
      }
    }
  }
  if (originals.length === 0) {
    throw new Error("there is no addon to break: is it not in the output?");
  }
  try {
    await work();
  } finally {
    originals.forEach(([file, content]) => fs.writeFileSync(file, content));
  }
}

/** @param {string} folder @returns {Record<string, string>} */
function dependenciesOf(folder) {
  const manifest = path.join(folder, "package.json");
  const { dependencies, devDependencies } = fs.existsSync(inProject(manifest))
    ? readJson(manifest)
    : {};
  return { ...dependencies, ...devDependencies };
}

/** The versions that an install folder pins. @param {string} name */
export const pinned = (name) => dependenciesOf(`__test__/apps/installs/${name}`);
