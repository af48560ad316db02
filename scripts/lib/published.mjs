// A registry on loopback to which the packages of this clone are published as a release publishes them, and which has
// all others from npm's registry. Packages of other platforms are stand-ins.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { run } from "./process.mjs";
import { inProject } from "./project.mjs";
import { packagesIn, publishAll, registryAddress } from "./publish.mjs";
import { startRegistry } from "./registry.mjs";
import { step } from "./steps.mjs";

/** @param {import("./registry.mjs").Intercept} [intercept] */
export async function startPublishedRegistry(intercept) {
  const registry = await startRegistry({ upstream: registryAddress(), intercept });
  const folder = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-packages-"));
  try {
    // A debug addon differs only in speed.
    const pack = [inProject("scripts", "pack.mjs"), folder, "--debug", "--stand-ins"];
    await run(process.execPath, pack);
    const env = { ...registry.env, npm_config_loglevel: "error" };
    await step("Publishing to a registry on loopback", () =>
      publishAll(packagesIn(folder), { registry: registry.url, env }),
    );
  } catch (error) {
    await registry.stop();
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return registry;
}
