// `npm run pack:local -- DIR [--debug]`: packs the main package and this machine's platform package as npm would serve
// them. With `--artifacts FROM`, packs a release: the main package and all platform packages, from the `.node` files in
// FROM. With `--stand-ins`, the packages of other platforms contain files without code.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { addonName, platformTag } from "./lib/addon.mjs";
import { checkAddon } from "./lib/binary.mjs";
import { createPlatformPackages, packMain, packPlatform } from "./lib/packages.mjs";
import { inProject } from "./lib/project.mjs";
import { setup } from "./lib/setup.mjs";
import { writeAddons } from "./lib/stand-ins.mjs";
import { Failure, main, step } from "./lib/steps.mjs";

await main(async () => {
  const { values, positionals } = parseArgs({
    options: {
      debug: { type: "boolean", default: false },
      artifacts: { type: "string" },
      "stand-ins": { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const { debug, artifacts, "stand-ins": standIns } = values;
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new Failure(
      "Usage: npm run pack:local -- DIR [--debug] [--stand-ins] | DIR --artifacts FROM",
    );
  }
  const destination = path.resolve(directory);
  await setup({ engine: false, addon: artifacts === undefined && (debug ? "debug" : "release") });
  mkdirSync(destination, { recursive: true });
  const strip = debug && process.platform === "linux";
  await step("Packing", async () => {
    const tags = await createPlatformPackages();
    await packMain(tags, destination);
    if (artifacts !== undefined) {
      for (const tag of tags) {
        const addon = path.resolve(artifacts, addonName(tag));
        checkAddon(addon, tag);
        await packPlatform(tag, addon, destination);
      }
    } else if (standIns) {
      const folder = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-stand-ins-"));
      writeAddons(folder, tags);
      for (const tag of tags) {
        await packPlatform(tag, path.join(folder, addonName(tag)), destination, {
          strip: strip && tag === platformTag(),
        });
      }
      rmSync(folder, { recursive: true });
    } else {
      await packPlatform(platformTag(), inProject(addonName()), destination, { strip });
    }
  });
  console.log(`\nTry it in another folder:\n\n  npm install ${path.join(destination, "*.tgz")}`);
});
