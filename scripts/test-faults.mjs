// `npm run test:faults`: the driver against a network, a service and a process that break. See docs/RELIABILITY.md.
import { buildFaultAddon } from "./lib/cargo.mjs";
import { runSuites, vitest } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { main, step } from "./lib/steps.mjs";

await main(async () => {
  await setup();
  const addon = await step("Building an addon that panics on demand", () => buildFaultAddon());
  const env = { DYNAMODB_ENGINE: "dynoxide", FAULT_ADDON: addon };
  await runSuites([["Faults, on dynoxide", () => vitest("faults", { env })]]);
});
