// Builds and installs everything that is measured: the packed release addon, the programs in Rust, and the rivals.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { addonName, ensureAddon, hashOf } from "../../scripts/lib/addon.mjs";
import { libraryName, targetDirectory } from "../../scripts/lib/cargo.mjs";
import { npm, outputOf, quietly, run } from "../../scripts/lib/process.mjs";
import { inProject, readJson, readText } from "../../scripts/lib/project.mjs";
import { Failure, step } from "../../scripts/lib/steps.mjs";
import { benchCache } from "./values.mjs";

/** Nitro, autocannon and esbuild are installed here if needed. */
export const nitroApp = path.join(benchCache, "nitro-app");

/** Where the other drivers are installed. */
export const rivalsApp = path.join(benchCache, "rivals");

/** The app in which the package is installed as a user would have it. */
export const app = path.join(benchCache, "app");

export const floorProgram = () => path.join(targetDirectory(), "floor", "bench-floor");
export const boundaryAddon = path.join(benchCache, "boundary.node");

export async function buildPrograms() {
  await run("cargo", ["build", "--profile", "floor", "--package", "bench-floor"]);
  const others = ["bench-boundary", "bench-endpoints"].flatMap((name) => ["--package", name]);
  await run("cargo", ["build", "--release", ...others]);
  fs.mkdirSync(benchCache, { recursive: true });
  const built = path.join(targetDirectory(), "release", libraryName("bench_boundary"));
  fs.copyFileSync(built, boundaryAddon);
}

/**
 * Fills a folder unless it has been filled for this version.
 *
 * @param {string} folder
 * @param {string} version
 * @param {() => Promise<unknown>} fill
 */
async function unlessStamped(folder, version, fill) {
  const stamp = path.join(folder, "stamp");
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== version) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    await fill();
    fs.writeFileSync(stamp, version);
  }
}

/** Packs the release build and installs it into `app`. */
export async function installPackage() {
  await ensureAddon("release");
  const packed = [...readJson("package.json").files, "package.json", addonName()];
  const version = hashOf(packed.filter((file) => fs.existsSync(inProject(file))));
  await unlessStamped(app, version, async () => {
    const packages = path.join(benchCache, "packages");
    fs.rmSync(packages, { recursive: true, force: true });
    await run(process.execPath, [inProject("scripts", "pack.mjs"), packages]);
    fs.writeFileSync(path.join(app, "package.json"), `{"name":"bench-app","private":true}\n`);
    const tarballs = fs.readdirSync(packages).map((name) => path.join(packages, name));
    await step("Installing the package", () =>
      run(...npm(["install", ...quietly, ...tarballs]), { cwd: app }),
    );
  });
}

/**
 * Returns the file that `import "unstorage-dynamodb"` resolves to.
 *
 * @param {string | undefined} addon another binary, loaded by this repository's entry instead of the package
 */
export function driverModule(addon) {
  if (addon && !fs.existsSync(addon)) {
    throw new Failure(`There is no addon at ${addon}.`);
  }
  // A package can import itself by name.
  const cwd = addon ? inProject() : app;
  const question = `console.log(import.meta.resolve("unstorage-dynamodb"))`;
  const found = outputOf(process.execPath, ["--input-type=module", "--eval", question], cwd);
  if (found === undefined) {
    throw new Failure("Node does not find the package");
  }
  return fileURLToPath(found.trim());
}

/** Installs what a folder of bench/ names. @param {string} name @param {string} title */
async function installApp(name, title) {
  const source = inProject("bench", name);
  const target = path.join(benchCache, name);
  const copy = () => fs.cpSync(source, target, { recursive: true });
  await unlessStamped(target, readText("bench", name, "package-lock.json"), async () => {
    copy();
    await step(`Installing ${title}`, () => run(...npm(["ci", ...quietly]), { cwd: target }));
  });
  copy();
}

export const installTools = () => installApp("nitro-app", "Nitro, autocannon and esbuild");

/** @returns {Promise<Record<import("./scenarios.mjs").Rival, string>>} the modules of those that are written here */
export async function installRivals() {
  await installApp("rivals", "the other drivers");
  return {
    lean: path.join(rivalsApp, "lean.mjs"),
    "@aws-lite/dynamodb": path.join(rivalsApp, "aws-lite.mjs"),
  };
}

/**
 * The reference in one file, as a bundler would produce it. @param {string} entry @returns {Promise<string>} the file
 */
export async function bundleReference(entry) {
  const outfile = path.join(benchCache, "reference.mjs");
  const { build } = createRequire(path.join(nitroApp, "package.json"))("esbuild");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    // Its CommonJS parts require Node's built-in modules.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
  });
  return outfile;
}
