// `npm run lint`: formatting and lints of JavaScript and Rust. Warnings are errors.
import { tool } from "./lib/process.mjs";
import { check, runSuites } from "./lib/results.mjs";
import { main } from "./lib/steps.mjs";

const bench = ["bench-floor", "bench-boundary", "bench-endpoints"];
const oxlint = ["--report-unused-disable-directives", "--deny-warnings"];
const clippy = {
  "the addon": [],
  "the core": ["--all-targets", "--no-default-features"],
  "the engine": ["--profile", "engine", "--package", "dynamodb-engine", "--all-targets"],
  "the bench": [...bench.flatMap((name) => ["--package", name]), "--all-targets"],
};

await main(() =>
  runSuites([
    ["oxfmt", () => check(...tool("oxfmt", ["--check"]))],
    ["oxlint", () => check(...tool("oxlint", oxlint))],
    ["rustfmt", () => check("cargo", ["fmt", "--all", "--check"])],
    ...Object.entries(clippy).map(
      ([name, parameters]) =>
        /** @type {import("./lib/results.mjs").Suite} */ ([
          `clippy: ${name}`,
          () => check("cargo", ["clippy", ...parameters, "--", "--deny", "warnings"]),
        ]),
    ),
  ]),
);
