// `npm run build` builds the release addon, `npm run build:debug` the debug addon. `--target TRIPLE` cross-compiles a
// release.
import { parseArgs } from "node:util";

import { addonName, buildAddon, compileAddon } from "./lib/addon.mjs";
import { checkAddon } from "./lib/binary.mjs";
import { inProject } from "./lib/project.mjs";
import { setup } from "./lib/setup.mjs";
import { main, step } from "./lib/steps.mjs";

const { values } = parseArgs({
  options: { release: { type: "boolean", default: false }, target: { type: "string" } },
});
const { target } = values;
const profile = values.release ? "release" : "debug";

/** Compiles for another platform, and checks what the linker made. @param {string} triple */
async function build(triple) {
  await compileAddon("release", triple);
  // Not imported above, because it needs installed packages.
  const { tagOf } = await import("./lib/platforms.mjs");
  const tag = tagOf(triple);
  checkAddon(inProject(addonName(tag)), tag);
}

await main(async () => {
  await setup({ engine: false, addon: false });
  await step(`Building the native addon (${target ?? profile})`, () =>
    target ? build(target) : buildAddon(profile),
  );
});
