// `npm run test:faults`: the driver against a network, a service and a process that break. See docs/RELIABILITY.md.
import { runSuites, vitest } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  await setup();
  const env = { DYNAMODB_ENGINE: "dynoxide" };
  await runSuites([["Faults, on dynoxide", () => vitest("faults", { env })]]);
});
