// `npm test` and related commands. Each does the set-up that it needs, even on a fresh clone.
import { hostTarget, buildFaultAddon } from "./lib/cargo.mjs";
import { ensureDynamodbLocal } from "./lib/dynamodb-local.mjs";
import { emulated } from "./lib/emulation.mjs";
import { tool } from "./lib/process.mjs";
import { inProject } from "./lib/project.mjs";
import { cargoTest, check, runSuites, vitest } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { Failure, main, step } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

/** @param {string} project */
const typecheck = (project) => check(...tool("typescript", ["--project", project], "tsc"));

/** @type {Record<string, () => Promise<import("./lib/results.mjs").Suite[]>>} */
const kinds = {
  /** Rust unit tests, the JavaScript suites on dynoxide, type checks and repository checks. */
  async driver() {
    await ensureTools("openssl");
    await setup();
    // Names the target as the napi-rs CLI does, so that cargo reuses the addon's compiled dependencies.
    const core = ["--no-default-features", "--target", hostTarget()];
    const semantics = ["scripts/check.mjs", "semantics", "--reports"];
    const engine = ["--profile", "engine", "--package", "dynamodb-engine"];
    return [
      ["Rust: the core, without Node", () => cargoTest(core)],
      ["Rust: the engine", () => cargoTest(engine)],
      [
        "Rust: the bench",
        () => cargoTest(["--package", "bench-endpoints", "--package", "bench-floor"]),
      ],
      ["JavaScript on dynoxide", () => vitest("driver", { env: { DYNAMODB_ENGINE: "dynoxide" } })],
      ["The bench's arithmetic", () => vitest("bench")],
      ["Types: tests and scripts", () => typecheck("tsconfig.json")],
      ["Types: nodenext", () => typecheck("__test__/types/tsconfig.nodenext.json")],
      ["Types: bundler", () => typecheck("__test__/types/tsconfig.bundler.json")],
      ["Every rule has a test", () => check(process.execPath, semantics)],
    ];
  },
  /** The JavaScript suites on AWS's own engine. */
  async "dynamodb-local"() {
    await ensureTools("JDK and Maven", "openssl");
    await setup({ engine: false });
    await ensureDynamodbLocal();
    const env = { DYNAMODB_ENGINE: "dynamodb-local" };
    return [
      ["JavaScript on DynamoDB Local", () => vitest("driver", { report: "dynamodb-local", env })],
    ];
  },
  /** The driver with failing networks, services and processes. See docs/RELIABILITY.md. */
  async faults() {
    await ensureTools("openssl", "fault rig");
    await setup();
    const addon = await step("Building an addon that panics on demand", () => buildFaultAddon());
    const env = { DYNAMODB_ENGINE: "dynoxide", FAULT_ADDON: addon };
    return [["Faults, on dynoxide", () => vitest("faults", { env })]];
  },
  /** The packages as a user installs them. Built here, where progress is shown; the suite only packs. */
  async package() {
    await setup({ addon: "release" });
    return [["The packages, installed", () => vitest("package")]];
  },
  /** Installs from a registry on loopback by every package manager, and what is deployed to Lambda. */
  async installs() {
    await setup();
    return [["Installs from a registry", () => vitest("installs")]];
  },
  /** A release against a registry on loopback. See docs/RELEASING.md. */
  async release() {
    await setup({ engine: false, addon: "release" });
    return [["A release, rehearsed", () => vitest("release")]];
  },
  /** The packages of Linux platforms that this machine can emulate. See docs/RELEASING.md. */
  async platforms() {
    await ensureTools("QEMU", "pip");
    await setup({ addon: false });
    // Not imported above, because it needs installed packages.
    const { packEmulated } = await import("./lib/emulated.mjs");
    const folder = await packEmulated();
    const smoke = inProject("scripts", "smoke.mjs");
    return emulated.map((tag) => [
      `The packages on ${tag}`,
      () => check(process.execPath, [smoke, folder, "--platform", tag, "--engine"]),
    ]);
  },
};

await main(async () => {
  const [name = "driver", ...more] = process.argv.slice(2);
  const kind = kinds[name];
  if (!kind || more.length > 0) {
    throw new Failure(`Usage: node scripts/test.mjs [${Object.keys(kinds).join(" | ")}]`);
  }
  await runSuites(await kind());
});
