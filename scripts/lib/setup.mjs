// All set-up, in the order that things need each other. Every part is quick when there is nothing to do.
import { existsSync } from "node:fs";

import { ensureAddon } from "./addon.mjs";
import { buildEngine } from "./cargo.mjs";
import { npm, outputOf, run } from "./process.mjs";
import { inProject, readJson } from "./project.mjs";
import { Failure, step } from "./steps.mjs";

/**
 * Compares with npm's own record of what it installed: no stamp of ours that could disagree with the folder, and it
 * knows a folder that was filled by a plain `npm ci` or `npm install`.
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
    // Packages of other platforms are in the lock file only.
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

/**
 * What is missing or too old, npm and cargo say themselves: Node by `engines`, Rust by `rust-version`.
 *
 * @param {object} [parts]
 * @param {boolean} [parts.engine]
 * @param {import("./addon.mjs").Profile | false} [parts.addon]
 */
export async function setup({ engine = true, addon = "debug" } = {}) {
  // With rustup this also fetches the toolchain that rust-toolchain.toml pins.
  if (outputOf("cargo", ["--version"]) === undefined) {
    throw new Failure("There is no Rust (`cargo`): install it from https://rustup.rs.");
  }
  if (!areDependenciesInstalled()) {
    // The overrides in package.json keep what the napi-rs CLI brings along at versions for every Node that is supported.
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
