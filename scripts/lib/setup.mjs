// All set-up, in the order that things need each other. Every part is quick when there is nothing to do.
import { existsSync } from "node:fs";

import { ensureAddon } from "./addon.mjs";
import { buildEngine } from "./cargo.mjs";
import { npm, outputOf, run } from "./process.mjs";
import { inProject, readJson, readText } from "./project.mjs";
import { Failure, step } from "./steps.mjs";

/**
 * @param {string} version
 * @param {string} minimum
 */
function isAtLeast(version, minimum) {
  return version.localeCompare(minimum, "en", { numeric: true }) >= 0;
}

/**
 * Reads a range of the form `^20.19.0 || >=22.12.0`, the only one that engines uses here.
 *
 * @param {string} version
 * @param {string} range
 */
function isInRange(version, range) {
  return range.split("||").some((part) => {
    const [, operator, minimum] = /^\s*(\^|>=)(\S+)\s*$/.exec(part) ?? [];
    const sameMajor = version.split(".")[0] === minimum?.split(".")[0];
    return minimum !== undefined && isAtLeast(version, minimum) && (operator === ">=" || sameMajor);
  });
}

function checkNode() {
  const range = readJson("package.json").engines.node;
  if (!isInRange(process.versions.node, range)) {
    throw new Failure(`Node ${range} is needed, this is ${process.versions.node}.`);
  }
}

function checkRust() {
  const minimum = /^rust-version = "(.+)"$/m.exec(readText("Cargo.toml"))?.[1] ?? "0";
  // In a rustup set-up this also fetches the toolchain that rust-toolchain.toml pins.
  const version = /^cargo (\d+\.\d+\.\d+)/.exec(outputOf("cargo", ["--version"]) ?? "")?.[1];
  if (version === undefined) {
    throw new Failure(
      "No Rust toolchain (`cargo`) found. Install it from https://rustup.rs and run this again.",
    );
  }
  if (!isAtLeast(version, minimum)) {
    throw new Failure(
      `Rust ${minimum} or newer is needed, this is ${version}: run \`rustup update\`.`,
    );
  }
}

function checkCompiler() {
  // On Windows the Rust toolchain itself finds Visual Studio, and says what is missing.
  if (process.platform === "win32") {
    return;
  }
  const compiler = process.env.CC || "cc";
  if (outputOf(compiler, ["--version"]) === undefined) {
    const packages =
      process.platform === "darwin" ? "run `xcode-select --install`" : "install gcc or clang";
    throw new Failure(`No C compiler (\`${compiler}\`) found: ${packages} and run this again.`);
  }
}

function checkToolchain() {
  checkNode();
  checkRust();
  checkCompiler();
}

// node_modules, installed when they are not what package-lock.json says. The overrides in package.json hold what the
// napi-rs CLI uses for publishing and cross-compiling, neither of which happens here, at the last versions that run on
// every Node that the driver supports.

/**
 * Compares with npm's own record of what it installed: no stamp of ours that could disagree with the folder, and it
 * knows a folder that was filled by a plain `npm ci` or `npm install`.
 */
function areDependenciesInstalled() {
  const record = inProject("node_modules", ".package-lock.json");
  if (!existsSync(record)) {
    return false;
  }
  const installed = readJson("node_modules", ".package-lock.json").packages;
  return Object.entries(readJson("package-lock.json").packages).every(([location, wanted]) => {
    const found = installed[location];
    if (location === "") {
      return true;
    }
    // Packages of other platforms are in the lock file only.
    return found
      ? found.version === wanted.version && found.integrity === wanted.integrity
      : wanted.optional === true;
  });
}

async function ensureDependencies() {
  if (!areDependenciesInstalled()) {
    await step("Installing npm packages", () =>
      run(...npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"])),
    );
  }
}

/**
 * @param {object} [parts]
 * @param {boolean} [parts.engine]
 * @param {import("./addon.mjs").Profile | false} [parts.addon]
 */
export async function setup({ engine = true, addon = "debug" } = {}) {
  checkToolchain();
  await ensureDependencies();
  if (engine) {
    await step("Building the DynamoDB engine", buildEngine);
  }
  if (addon) {
    await ensureAddon(addon);
  }
}
