// All set-up, in the order that things need each other. Every part is quick when there is nothing to do.
import { ensureAddon } from "./addon.mjs";
import { buildEngine } from "./cargo.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { step } from "./steps.mjs";
import { checkToolchain } from "./toolchain.mjs";

/**
 * @param {object} [parts]
 * @param {boolean} [parts.engine]
 * @param {import("./addon.mjs").Profile | false} [parts.addon]
 */
export async function setup({ engine = true, addon = "debug" } = {}) {
  checkToolchain();
  await ensureDependencies();
  if (engine) {
    await step("Building the DynamoDB engine", buildEngine);
  }
  if (addon) {
    await ensureAddon(addon);
  }
}
