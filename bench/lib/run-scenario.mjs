// One scenario, of whatever kind, against an endpoint of its own: none inherits the tables of another.
import { startEndpoint } from "./endpoints.mjs";
import { runNitro } from "./nitro.mjs";
import { runCold, runLoad } from "./rounds.mjs";
import { runSize } from "./size.mjs";

/**
 * @param {import("./scenarios.mjs").Scenario} scenario
 * @param {import("./rounds.mjs").Plan} plan
 * @param {(text: string) => void} progress
 * @returns {Promise<import("./alternate.mjs").Outcome>}
 */
export async function runScenario(scenario, plan, progress) {
  if (scenario.kind === "size") {
    return runSize(plan.modules["bundled"] ?? "");
  }
  const endpoint = await startEndpoint(scenario.endpoint);
  try {
    const runners = { load: runLoad, cold: runCold, nitro: runNitro };
    return await runners[scenario.kind](scenario, endpoint, plan, progress);
  } finally {
    await endpoint.stop();
  }
}
