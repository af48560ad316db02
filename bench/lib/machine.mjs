// Describes the machine and the revision of a run.
import os from "node:os";

import { outputOf } from "../../scripts/lib/process.mjs";
import { readJson } from "../../scripts/lib/project.mjs";

const firstLine = (/** @type {string[]} */ [command = "", ...parameters]) =>
  outputOf(command, parameters)?.split("\n")[0]?.trim() ?? "unknown";

export function about() {
  const { devDependencies } = readJson("package.json");
  const compared = ["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb", "unstorage"];
  // Committed results do not affect the measurement.
  const sources = ["--", ":!bench/results", ":!docs", ":!README.md"];
  return {
    commit: {
      id: firstLine(["git", "rev-parse", "HEAD"]),
      isClean: outputOf("git", ["status", "--porcelain", ...sources]) === "",
    },
    machine: {
      processor: os.cpus()[0]?.model ?? "unknown",
      processors: os.cpus().length,
      memory: os.totalmem(),
      system: `${os.type()} ${os.release()}`,
      architecture: os.arch(),
      node: process.versions.node,
      rust: firstLine(["rustc", "--version"]),
    },
    versions: Object.fromEntries(compared.map((name) => [name, devDependencies[name]])),
  };
}
