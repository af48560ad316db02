// `npm run build` builds the release addon, `npm run build:debug` the debug addon. `--target TRIPLE` cross-compiles a
// release.
import { parseArgs } from "node:util";

import { buildAddon, compileAddon } from "./lib/addon.mjs";
import { setup } from "./lib/setup.mjs";
import { main, step } from "./lib/steps.mjs";

const { values } = parseArgs({
  options: { release: { type: "boolean", default: false }, target: { type: "string" } },
});
const { target } = values;
const profile = values.release ? "release" : "debug";

await main(async () => {
  await setup({ engine: false, addon: false });
  await step(`Building the native addon (${target ?? profile})`, () =>
    target ? compileAddon("release", target) : buildAddon(profile),
  );
});
