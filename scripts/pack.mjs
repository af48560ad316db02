// `npm run pack:local -- DIR [--debug]`: the main package and this machine's platform package, as npm would serve them.
// `--artifacts FROM`: the main package and all platform packages, from the `.node` files in FROM. That is a release.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { addonName, ensureAddon, platformTag } from "./lib/addon.mjs";
import { createPlatformPackages, packMain, packPlatform } from "./lib/packages.mjs";
import { inProject, readJson } from "./lib/project.mjs";
import { setup } from "./lib/setup.mjs";
import { Failure, main, step } from "./lib/steps.mjs";

function readArguments() {
  const { values, positionals } = parseArgs({
    options: { debug: { type: "boolean", default: false }, artifacts: { type: "string" } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new Failure("Usage: npm run pack:local -- DIR [--debug | --artifacts FROM]");
  }
  /** @type {import("./lib/addon.mjs").Profile} */
  const profile = values.debug ? "debug" : "release";
  return { destination: path.resolve(directory), profile, artifacts: values.artifacts };
}

await main(async () => {
  const { destination, profile, artifacts } = readArguments();
  await setup({ engine: false, addon: false });
  if (artifacts === undefined) {
    await ensureAddon(profile);
  }
  mkdirSync(destination, { recursive: true });
  await step("Packing", async () => {
    const tags = await createPlatformPackages();
    await packMain(tags, destination);
    if (artifacts === undefined) {
      const strip = profile === "debug" && process.platform === "linux";
      await packPlatform(platformTag(), inProject(addonName()), destination, { strip });
    } else {
      const { binaryName } = readJson("package.json").napi;
      for (const tag of tags) {
        await packPlatform(tag, path.resolve(artifacts, `${binaryName}.${tag}.node`), destination);
      }
    }
  });
  console.log(`\nTry it in another folder:\n\n  npm install ${path.join(destination, "*.tgz")}`);
});
