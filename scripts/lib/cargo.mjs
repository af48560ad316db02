// What cargo knows about this workspace.
import { outputOf, run } from "./process.mjs";
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
