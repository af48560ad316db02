// `npm run test:package`: the packages as a user installs them. The suite packs by `npm run pack:local`.
import { runSuites, vitest } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  // Built here, where progress shows: the suite then only packs.
  await setup({ addon: "release" });
  await runSuites([["The packages, installed", () => vitest("package")]]);
});
