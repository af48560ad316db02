// `npm run build` makes the release addon, `npm run build:debug` a fast one.
import { buildAddon } from "./lib/addon.mjs";
import { setup } from "./lib/setup.mjs";
import { main, step } from "./lib/steps.mjs";

const profile = process.argv.includes("--release") ? "release" : "debug";

await main(async () => {
  await setup({ engine: false, addon: false });
  await step(`Building the native addon (${profile})`, () => buildAddon(profile));
});
