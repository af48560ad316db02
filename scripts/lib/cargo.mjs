// What cargo knows about this workspace.
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";

import { outputOf, run } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";
import { Failure } from "./steps.mjs";

/** @returns {string} `target`, unless the user's cargo configuration moved it */
export function targetDirectory() {
  const metadata = outputOf("cargo", ["metadata", "--no-deps", "--format-version", "1"]);
  if (metadata === undefined) {
    throw new Failure("`cargo metadata` failed: run it to see why.");
  }
  return JSON.parse(metadata).target_directory;
}

/** Where the engine's program is after `buildEngine`. */
export function enginePath() {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return `${targetDirectory()}/engine/dynamodb-engine${suffix}`;
}

/** Cargo itself judges whether there is anything to do, in less than a second. */
export const buildEngine = () =>
  run("cargo", ["build", "--profile", "engine", "--package", "dynamodb-engine"]);

/** @returns {string} this machine as cargo names it, `x86_64-unknown-linux-gnu` and the like */
export function hostTarget() {
  const host = /^host: (\S+)$/m.exec(outputOf("rustc", ["--version", "--verbose"]) ?? "")?.[1];
  if (host === undefined) {
    throw new Failure("`rustc --version --verbose` names no host: run it to see why.");
  }
  return host;
}

/**
 * @returns {Promise<string>} an addon that panics on demand, for tests: built with the feature `fault`, never packed
 * @param {object} [otherwise]
 * @param {string} [otherwise.name] of the file
 * @param {string[]} [otherwise.features] in place of the addon's own
 * @param {NodeJS.ProcessEnv} [otherwise.env] for cargo
 */
export async function buildFaultAddon({ name = "fault.node", features = [], env = {} } = {}) {
  const target = hostTarget();
  // The addon's own target and profile, so that every dependency is there already.
  const chosen = ["--features", ["fault", ...features].join(",")];
  const parameters = features.length > 0 ? ["--no-default-features", ...chosen] : chosen;
  await run("cargo", ["build", "--lib", ...parameters, "--target", target], { env });
  /** @type {Record<string, string>} */
  const names = { win32: "unstorage_dynamodb.dll", darwin: "libunstorage_dynamodb.dylib" };
  const library = names[process.platform] ?? "libunstorage_dynamodb.so";
  const file = path.join(cacheDirectory, name);
  mkdirSync(cacheDirectory, { recursive: true });
  const built = env.CARGO_TARGET_DIR ?? targetDirectory();
  copyFileSync(path.join(built, target, "debug", library), file);
  return file;
}
