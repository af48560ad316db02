// node_modules, installed when they are not what package-lock.json says.
//
// The overrides in package.json hold what the napi-rs CLI uses for publishing and cross-compiling, neither of which
// happens here, at the last versions that run on every Node that the driver supports.
import { existsSync } from "node:fs";

import { npm, run } from "./process.mjs";
import { inProject, readJson } from "./project.mjs";
import { step } from "./steps.mjs";

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

export async function ensureDependencies() {
  if (!areDependenciesInstalled()) {
    await step("Installing npm packages", () =>
      run(...npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"])),
    );
  }
}
