// Where and of what a run was made: for who reads its figures, or repeats it.
import os from "node:os";

import { outputOf } from "../../scripts/lib/process.mjs";
import { readJson } from "../../scripts/lib/project.mjs";

const firstLine = (/** @type {string | undefined} */ text) => text?.split("\n")[0]?.trim();

export function machine() {
  const [cpu] = os.cpus();
  return {
    processor: cpu?.model ?? "unknown",
    processors: os.cpus().length,
    memory: os.totalmem(),
    system: `${os.type()} ${os.release()}`,
    architecture: os.arch(),
    node: process.versions.node,
    rust: firstLine(outputOf("rustc", ["--version"])) ?? "unknown",
  };
}

export function commit() {
  return {
    id: firstLine(outputOf("git", ["rev-parse", "HEAD"])) ?? "unknown",
    // Results of an earlier run are no change of what is measured.
    isClean:
      outputOf("git", [
        "status",
        "--porcelain",
        "--",
        ":!bench/results",
        ":!docs",
        ":!README.md",
      ]) === "",
  };
}

/** The versions of what the driver is measured against. */
export function versions() {
  const { devDependencies } = readJson("package.json");
  const names = ["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb", "unstorage"];
  return Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
}
