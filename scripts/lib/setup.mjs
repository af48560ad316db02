// The complete set-up, in the order of dependencies. Each part is quick if there is nothing to do.
import { existsSync } from "node:fs";

import { ensureAddon } from "./addon.mjs";
import { buildEngine } from "./cargo.mjs";
import { npm, outputOf, run } from "./process.mjs";
import { inProject, readJson } from "./project.mjs";
import { Failure, step } from "./steps.mjs";

/**
 * Compares the lock file with npm's own record of installed packages, which is also correct after a manual `npm ci` or
 * `npm install`.
 */
function areDependenciesInstalled() {
  const record = ["node_modules", ".package-lock.json"];
  if (!existsSync(inProject(...record))) {
    return false;
  }
  const installed = readJson(...record).packages;
  const { "": _, ...packages } = readJson("package-lock.json").packages;
  return Object.entries(packages).every(([location, { version, integrity, optional }]) => {
    const found = installed[location];
    // Packages for other platforms are only in the lock file.
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

/**
 * npm and cargo themselves report missing or outdated tools: Node by `engines`, Rust by `rust-version`.
 *
 * @param {object} [parts]
 * @param {boolean} [parts.engine]
 * @param {import("./addon.mjs").Profile | false} [parts.addon]
 */
export async function setup({ engine = true, addon = "debug" } = {}) {
  // With rustup, this also installs the toolchain that rust-toolchain.toml pins.
  if (outputOf("cargo", ["--version"]) === undefined) {
    throw new Failure("There is no Rust (`cargo`): install it from https://rustup.rs.");
  }
  if (!areDependenciesInstalled()) {
    // The overrides in package.json keep the dependencies of the napi-rs CLI at versions that support every supported
    // Node.
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await step("Installing npm packages", () => run(...npm(["ci", "--engine-strict", ...quiet])));
  }
  if (engine) {
    await step("Building the DynamoDB engine", buildEngine);
  }
  if (addon) {
    await ensureAddon(addon);
  }
}
