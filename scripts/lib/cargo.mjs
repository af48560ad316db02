// Queries cargo about this workspace.
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";

import { outputOrFail, run } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";

/** @returns {string} `target`, unless the user's cargo configuration changes it */
export const targetDirectory = () =>
  JSON.parse(outputOrFail("cargo", ["metadata", "--no-deps", "--format-version", "1"]))
    .target_directory;

/** The path of the engine after `buildEngine`. */
export const enginePath = () =>
  `${targetDirectory()}/engine/dynamodb-engine${process.platform === "win32" ? ".exe" : ""}`;

/** Cargo decides within a second whether anything has to be built. */
export const buildEngine = () =>
  run("cargo", ["build", "--profile", "engine", "--package", "dynamodb-engine"]);

/** This machine's target triple, such as `x86_64-unknown-linux-gnu`. */
export const hostTarget = () => outputOrFail("rustc", ["--print", "host-tuple"]).trim();

/** @param {string} name of a crate's library @returns {string} its file name on this system */
export function libraryName(name) {
  const { platform } = process;
  const suffix = platform === "win32" ? "dll" : platform === "darwin" ? "dylib" : "so";
  return `${platform === "win32" ? "" : "lib"}${name}.${suffix}`;
}

/**
 * @returns {Promise<string>} an addon that panics on demand, for tests: built with the feature `fault`, never packed
 * @param {object} [otherwise]
 * @param {string} [otherwise.name] of the file
 * @param {string[]} [otherwise.features] instead of the addon's own
 * @param {NodeJS.ProcessEnv} [otherwise.env] for cargo
 */
export async function buildFaultAddon({ name = "fault.node", features = [], env = {} } = {}) {
  // The same target and profile as the addon, so that its compiled dependencies are reused.
  const target = hostTarget();
  const chosen = ["--features", ["fault", ...features].join(",")];
  const parameters = features.length > 0 ? ["--no-default-features", ...chosen] : chosen;
  await run("cargo", ["build", "--lib", ...parameters, "--target", target], { env });
  const file = path.join(cacheDirectory, name);
  mkdirSync(cacheDirectory, { recursive: true });
  const built = env.CARGO_TARGET_DIR ?? targetDirectory();
  copyFileSync(path.join(built, target, "debug", libraryName("unstorage_dynamodb")), file);
  return file;
}
