// `npm run lint`: layout and lints of JavaScript and Rust, with warnings denied.
import { outputOf, tool } from "./lib/process.mjs";
import { check, runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";

const bench = ["bench-floor", "bench-boundary", "bench-endpoints"];

/** @param {...string} parameters */
const clippy = (...parameters) =>
  check("cargo", ["clippy", ...parameters, "--", "--deny", "warnings"]);

await main(async () => {
  for (const [command, component] of [
    ["fmt", "rustfmt"],
    ["clippy", "clippy"],
  ]) {
    if (outputOf("cargo", [String(command), "--version"]) === undefined) {
      throw new Failure(`cargo ${command} is missing: rustup component add ${component}`);
    }
  }
  await runSuites([
    ["oxfmt", () => check(...tool("oxfmt", ["--check"]))],
    [
      "oxlint",
      () => check(...tool("oxlint", ["--report-unused-disable-directives", "--deny-warnings"])),
    ],
    ["rustfmt", () => check("cargo", ["fmt", "--all", "--check"])],
    ["clippy: the addon", () => clippy()],
    ["clippy: the core", () => clippy("--all-targets", "--no-default-features")],
    [
      "clippy: the engine",
      () => clippy("--profile", "engine", "--package", "dynamodb-engine", "--all-targets"),
    ],
    [
      "clippy: the bench",
      () => clippy(...bench.flatMap((name) => ["--package", name]), "--all-targets"),
    ],
  ]);
});
