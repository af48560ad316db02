// Everything that is measured, built and installed: the release addon as a package, the floor, the empty addon.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { addonName, ensureAddon } from "../../scripts/lib/addon.mjs";
import { targetDirectory } from "../../scripts/lib/cargo.mjs";
import { npm, outputOf, quietly, run } from "../../scripts/lib/process.mjs";
import { inProject, readJson } from "../../scripts/lib/project.mjs";
import { Failure, step } from "../../scripts/lib/steps.mjs";
import { benchCache } from "./values.mjs";

/** Where Nitro, autocannon and esbuild are installed when they are wanted. */
export const nitroApp = path.join(benchCache, "nitro-app");

/** The app in which the package is installed as a user would have it. */
export const app = path.join(benchCache, "app");

export const floorProgram = () => path.join(targetDirectory(), "floor", "bench-floor");
export const boundaryAddon = path.join(benchCache, "boundary.node");

export async function buildPrograms() {
  await run("cargo", ["build", "--profile", "floor", "--package", "bench-floor"]);
  const others = ["bench-boundary", "bench-endpoints"].flatMap((name) => ["--package", name]);
  await run("cargo", ["build", "--release", ...others]);
  const prefix = process.platform === "win32" ? "" : "lib";
  const suffix = { darwin: "dylib", win32: "dll" }[String(process.platform)] ?? "so";
  mkdirSync(benchCache, { recursive: true });
  copyFileSync(
    path.join(targetDirectory(), "release", `${prefix}bench_boundary.${suffix}`),
    boundaryAddon,
  );
}

/** Tells one state of the package from another, by what is packed. */
function fingerprint() {
  const hash = createHash("sha256");
  const { files } = readJson("package.json");
  for (const entry of [...files, "package.json", addonName()]) {
    const location = inProject(entry);
    const found = existsSync(location) ? [""] : [];
    const names =
      path.extname(entry) === "" && found.length > 0 ? readdirSync(location).sort() : found;
    for (const name of names) {
      hash.update(`${entry}/${name}\0`).update(readFileSync(path.join(location, name)));
    }
  }
  return hash.digest("hex");
}

/** Packs the release build and installs it into `app`, where that is not done yet. */
export async function installPackage() {
  await ensureAddon("release");
  const stamp = path.join(app, "stamp");
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) {
    return;
  }
  const packages = path.join(benchCache, "packages");
  rmSync(packages, { recursive: true, force: true });
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  await run(process.execPath, [inProject("scripts", "pack.mjs"), packages]);
  writeFileSync(path.join(app, "package.json"), `{"name":"bench-app","private":true}\n`);
  const tarballs = readdirSync(packages).map((name) => path.join(packages, name));
  await step("Installing the package", () =>
    run(...npm(["install", ...quietly, ...tarballs]), { cwd: app }),
  );
  writeFileSync(stamp, wanted);
}

/**
 * The file that `import "unstorage-dynamodb"` loads, as Node itself finds it.
 *
 * @param {string | undefined} addon another binary, in place of the package: it is loaded by this repository's entry
 */
export function driverModule(addon) {
  if (addon !== undefined && !existsSync(addon)) {
    throw new Failure(`There is no addon at ${addon}.`);
  }
  // A package may import itself by its name.
  const cwd = addon === undefined ? app : inProject();
  const question = `console.log(import.meta.resolve("unstorage-dynamodb"))`;
  const found = outputOf(process.execPath, ["--input-type=module", "--eval", question], cwd);
  if (found === undefined) {
    throw new Failure("Node does not find the package");
  }
  return fileURLToPath(found);
}

/** Installs bench/nitro-app, with the tools of its manifest, where that is not done yet. */
export async function installTools() {
  const source = inProject("bench", "nitro-app");
  const lock = readFileSync(path.join(source, "package-lock.json"), "utf8");
  const stamp = path.join(nitroApp, "stamp");
  mkdirSync(nitroApp, { recursive: true });
  cpSync(source, nitroApp, { recursive: true });
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    await step("Installing Nitro, autocannon and esbuild", () =>
      run(...npm(["ci", ...quietly]), { cwd: nitroApp }),
    );
    writeFileSync(stamp, lock);
  }
}

/**
 * The reference in one file, as a bundler ships it.
 *
 * @param {string} entry
 * @returns {Promise<string>} the file
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
    // Its CommonJS parts require Node's own modules.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
  });
  return outfile;
}
