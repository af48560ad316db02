// `node __test__/memory/asan.mjs`: runs the core's tests, and the addon in Node, under AddressSanitizer. A planted bug
// in each proves that errors would be reported. Ends with `N passed, N failed`.
import { spawnSync } from "node:child_process";
import path from "node:path";

import { sanitizer } from "./sanitizer.mjs";
import { buildFaultAddon, hostTarget, targetDirectory } from "../../scripts/lib/cargo.mjs";
import { startEngine } from "../../scripts/lib/engine.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { cargoTest, runSuites } from "../../scripts/lib/results.mjs";
import { setup } from "../../scripts/lib/setup.mjs";
import { elapsed, main, step } from "../../scripts/lib/steps.mjs";
import { createTable } from "../../scripts/lib/table.mjs";

const seen = "ERROR: AddressSanitizer: heap-use-after-free";

/**
 * Expects that a program with a planted bug ends with a report.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} [env]
 */
function mustReport(command, parameters, env) {
  const options = { env: { ...process.env, ...env }, encoding: /** @type {const} */ ("utf8") };
  const { status, stdout, stderr } = spawnSync(command, parameters, options);
  const report = stderr.split("\n").find((line) => line.includes(seen));
  console.log(report ?? `not seen (exit code ${status}):\n${stdout}${stderr}`);
  const isSeen = report !== undefined && status !== 0;
  return { passed: Number(isSeen), failed: Number(!isSeen) };
}

/**
 * Runs Node with the addon. Each part of the workload counts as one test.
 *
 * @param {string[]} parameters
 * @param {NodeJS.ProcessEnv} env
 */
function work(parameters, env) {
  const { status, stdout } = spawnSync(process.execPath, parameters, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  const passed = [...stdout.matchAll(/: \d+ calls$/gm)].length;
  return { passed, failed: Number(status !== 0 || passed === 0) };
}

await main(async () => {
  const start = performance.now();
  await setup({ addon: false });
  const { rustFlags, cargoEnv, nodeEnv } = await sanitizer(path.join(targetDirectory(), "asan"));
  const planted = path.join(targetDirectory(), "asan-planted");
  const source = inProject("__test__", "memory", "planted.rs");
  const target = ["--target", hostTarget()];

  const addon = await step("Building the addon for AddressSanitizer", () =>
    // Without its own allocator, whose memory AddressSanitizer does not track.
    buildFaultAddon({ name: "asan.node", features: ["node"], env: cargoEnv }),
  );
  const node = {
    ...nodeEnv,
    NAPI_RS_NATIVE_LIBRARY_PATH: addon,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const engine = await startEngine();
  const table = "asan";
  await createTable(engine.endpoint, table);
  const workload = inProject("__test__", "memory", "workload.mjs");
  const given = JSON.stringify({ endpoint: engine.endpoint, table });
  const parameters = ["--expose-gc", workload, given];

  try {
    await runSuites([
      [
        "A planted bug in Rust is seen",
        () => {
          const build = [...rustFlags, ...target, "--edition", "2024", "-o", planted, source];
          spawnSync("rustc", build, { env: { ...process.env, ...cargoEnv }, stdio: "inherit" });
          return mustReport(planted, []);
        },
      ],
      [
        "A planted bug in the addon is seen",
        () =>
          mustReport(process.execPath, parameters, {
            ...node,
            UNSTORAGE_DYNAMODB_FAULT: "use after free",
          }),
      ],
      [
        "Rust core",
        () => cargoTest(["--no-default-features", ...target, "--lib", "--tests"], cargoEnv),
      ],
      ["The addon at work in Node, on dynoxide", () => work(parameters, node)],
    ]);
  } finally {
    await engine.stop();
    console.error(`${elapsed(start)} in all`);
  }
});
