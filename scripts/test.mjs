// `npm test`: on a fresh clone too. Rust unit tests, the JavaScript suites on dynoxide, the types, the rules.
import { hostTarget } from "./lib/cargo.mjs";
import { tool } from "./lib/process.mjs";
import { cargoTest, check, runSuites, vitest, vitestReport } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

// With the target named, as the napi-rs CLI names it, cargo finds the dependencies that the addon was built with.
const coreTests = () => cargoTest(["--no-default-features", "--target", hostTarget()]);

/** @param {string} project */
const typecheck = (project) => check(...tool("typescript", ["--project", project], "tsc"));

await main(async () => {
  await setup();
  await runSuites([
    ["Rust: the core, without Node", coreTests],
    ["Rust: the engine", () => cargoTest(["--profile", "engine", "--package", "dynamodb-engine"])],
    ["Rust: the bench", () => cargoTest(["--package", "bench-endpoints"])],
    ["JavaScript on dynoxide", () => vitest("driver", { env: { DYNAMODB_ENGINE: "dynoxide" } })],
    ["The bench's arithmetic", () => vitest("bench")],
    ["Types: tests and scripts", () => typecheck("tsconfig.json")],
    ["Types: nodenext", () => typecheck("tsconfig.nodenext.json")],
    ["Types: bundler", () => typecheck("tsconfig.bundler.json")],
    [
      "Every rule has a test",
      () => check(process.execPath, ["scripts/check-semantics.mjs", vitestReport("driver")]),
    ],
  ]);
});
