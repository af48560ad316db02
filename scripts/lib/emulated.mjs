// Builds and packs the packages of the platforms that can be emulated.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";

import { addonName } from "./addon.mjs";
import { emulated } from "./emulation.mjs";
import { createPlatformPackages, packMain, packPlatform } from "./packages.mjs";
import { tagOf, targets } from "./platforms.mjs";
import { run } from "./process.mjs";
import { cacheDirectory, inProject } from "./project.mjs";

/** @returns {Promise<string>} the folder with the tarballs */
export async function packEmulated() {
  const chosen = targets.filter((target) => emulated.includes(tagOf(target)));
  await run("rustup", ["target", "add", ...chosen]);
  for (const target of chosen) {
    const build = [inProject("scripts", "build.mjs"), "--release", "--target", target];
    await run(process.execPath, build);
  }
  const folder = path.join(cacheDirectory, "emulated");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await packMain(await createPlatformPackages(), folder);
  for (const tag of chosen.map(tagOf)) {
    await packPlatform(tag, inProject(addonName(tag)), folder);
  }
  return folder;
}
