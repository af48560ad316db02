// `npm run pack:local -- DIR [--debug]`: packs the main package and this machine's platform package as npm would serve
// them. With `--artifacts FROM`, packs a release: the main package and all platform packages, from the `.node` files in
// FROM.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { addonName, platformTag } from "./lib/addon.mjs";
import { checkAddon } from "./lib/binary.mjs";
import { createPlatformPackages, packMain, packPlatform } from "./lib/packages.mjs";
import { inProject } from "./lib/project.mjs";
import { setup } from "./lib/setup.mjs";
import { Failure, main, step } from "./lib/steps.mjs";

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { debug: { type: "boolean", default: false }, artifacts: { type: "string" } },
    allowPositionals: true,
  });
  const { debug, artifacts } = values;
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new Failure("Usage: npm run pack:local -- DIR [--debug | --artifacts FROM]");
  }
  const destination = path.resolve(directory);
  await setup({ engine: false, addon: artifacts === undefined && (debug ? "debug" : "release") });
  mkdirSync(destination, { recursive: true });
  await step("Packing", async () => {
    const tags = await createPlatformPackages();
    await packMain(tags, destination);
    if (artifacts === undefined) {
      const strip = debug && process.platform === "linux";
      await packPlatform(platformTag(), inProject(addonName()), destination, { strip });
    }
    for (const tag of artifacts === undefined ? [] : tags) {
      const addon = path.resolve(String(artifacts), addonName(tag));
      checkAddon(addon, tag);
      await packPlatform(tag, addon, destination);
    }
  });
  console.log(`\nTry it in another folder:\n\n  npm install ${path.join(destination, "*.tgz")}`);
});
