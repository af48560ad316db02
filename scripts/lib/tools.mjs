// Programs that only some scripts need. Those of cargo and Go are installed into .cache, isolated from the system.
// System packages are installed only on CI; elsewhere, a message says how to install them.
import { existsSync } from "node:fs";
import path from "node:path";

import { outputOf, run } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";
import { Failure, step } from "./steps.mjs";

// Cargo searches the path for its subcommands.
process.env.PATH = [path.join(cacheDirectory, "bin"), process.env.PATH].join(path.delimiter);

/**
 * The AddressSanitizer runtime to preload into a process that was not built for it. The C compiler's runtime has all
 * functions that rustc's instrumentation calls.
 *
 * @returns {string | undefined}
 */
export function sanitizerRuntime() {
  const cpu = process.arch === "arm64" ? "aarch64" : "x86_64";
  const compiler = process.env.CC || "cc";
  // The names used by gcc and clang. For an unknown file, a compiler prints the name unchanged.
  return ["libasan.so", `libclang_rt.asan-${cpu}.so`]
    .map((name) => outputOf(compiler, [`-print-file-name=${name}`])?.trim())
    .find((file) => file?.startsWith("/") && existsSync(file));
}

/**
 * @typedef {object} Tool
 * @property {() => boolean} isThere
 * @property {[command: string, parameters: string[], env?: NodeJS.ProcessEnv]} install
 * @property {boolean} [isOwn] installed into .cache
 */

/**
 * Pinned, because other versions may report different problems.
 *
 * @type {(name: string, version: string, more?: string[]) => Tool}
 */
const cargoTool = (name, version, more = []) => ({
  isThere: () =>
    outputOf("cargo", [name.replace("cargo-", ""), "--version"])?.trim() === `${name} ${version}`,
  install: [
    "cargo",
    ["install", name, "--version", version, "--locked", "--root", cacheDirectory, ...more],
    {
      // The tools share crates. They run for seconds, so optimising them would not pay off.
      CARGO_TARGET_DIR: path.join(cacheDirectory, "tools"),
      CARGO_PROFILE_RELEASE_LTO: "false",
      CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
    },
  ],
  isOwn: true,
});

const actionlint = "1.7.12";

/** @type {(packagesOfDebian: string[], isThere: () => boolean) => Tool} */
const systemTool = (packages, isThere) => ({
  isThere,
  install: ["apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", ...packages]],
});

/** Uses sudo if apt-get needs it. @type {typeof run} */
const runAsNeeded = (command, parameters, options) =>
  process.getuid?.() === 0 || command !== "apt-get"
    ? run(command, parameters, options)
    : run("sudo", [command, ...parameters], options);

/** @param {...string} commands */
const have = (...commands) =>
  commands.every((command) => outputOf("sh", ["-c", `command -v ${command}`]) !== undefined);

/** @satisfies {Record<string, Tool>} */
const tools = {
  "cargo-deny": cargoTool("cargo-deny", "0.20.2"),
  "cargo-about": cargoTool("cargo-about", "0.9.3", ["--features", "cli"]),
  "cargo-fuzz": cargoTool("cargo-fuzz", "0.13.2"),
  "cargo-mutants": cargoTool("cargo-mutants", "27.1.0"),
  actionlint: {
    isThere: () => outputOf("actionlint", ["-version"])?.startsWith(`v${actionlint}\n`) ?? false,
    install: [
      "go",
      ["install", `github.com/rhysd/actionlint/cmd/actionlint@v${actionlint}`],
      { GOBIN: path.join(cacheDirectory, "bin") },
    ],
    isOwn: true,
  },
  "JDK and Maven": systemTool(["openjdk-17-jdk-headless", "maven"], () => have("javac", "mvn")),
  openssl: systemTool(["openssl"], () => have("openssl")),
  // For clock changes, namespaces and CPU limits.
  "fault rig": systemTool(["faketime", "util-linux", "iproute2"], () =>
    have("faketime", "unshare", "taskset", "ip"),
  ),
  valgrind: systemTool(["valgrind"], () => have("valgrind")),
  "AddressSanitizer's runtime": systemTool(["gcc"], () => sanitizerRuntime() !== undefined),
  // Runs programs for arm64. They are not registered with the kernel, so other programs do not notice.
  QEMU: systemTool(["qemu-user"], () => have("qemu-aarch64")),
  perf: systemTool(["linux-perf"], () => have("perf")),
  Chromium: systemTool(["chromium"], () => existsSync(process.env.CHROMIUM ?? "/usr/bin/chromium")),
  // Release builds for Linux install Zig with pip: see zig.mjs.
  pip: systemTool(
    ["python3-pip"],
    () => outputOf("python3", ["-m", "pip", "--version"]) !== undefined,
  ),
};

/** @typedef {keyof typeof tools} ToolName */

/** Used by .ci/nightly or manually, not by .ci/run. */
const others = new Set([
  "cargo-fuzz",
  "cargo-mutants",
  "AddressSanitizer's runtime",
  "QEMU",
  "perf",
]);
/** Used by .ci/run. */
export const toolsOfReady = /** @type {ToolName[]} */ (
  Object.keys(tools).filter((name) => !others.has(name))
);

/** @param {string} name @returns {name is ToolName} */
export const isTool = (name) => name in tools;

/** Installs missing tools, or lists all that cannot be installed before any work begins. @param {...ToolName} names */
export async function ensureTools(...names) {
  /** @type {[ToolName, Tool][]} */
  const all = [...new Set(names)].map((name) => [name, tools[name]]);
  const missing = all.filter(([, { isThere }]) => !isThere());
  const byHand = missing.filter(([, { isOwn }]) => !isOwn && process.env.CI !== "true");
  if (byHand.length > 0) {
    const lines = byHand.map(
      ([name, { install }]) => `${name}: on Debian, ${install.slice(0, 2).flat().join(" ")}`,
    );
    throw new Failure(["Install what is missing:", ...lines].join("\n  "));
  }
  if (missing.some(([, { isOwn }]) => !isOwn)) {
    await runAsNeeded("apt-get", ["update", "--quiet"]);
  }
  for (const [name, { install }] of missing) {
    const [command, parameters, env] = install;
    await step(`Installing ${name}`, () => runAsNeeded(command, parameters, { env }));
  }
}
