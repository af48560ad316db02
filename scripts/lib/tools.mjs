// Programs that only some scripts need, and how to get them. Said before any work begins, and all at once.
import { existsSync } from "node:fs";

import { outputOf } from "./process.mjs";
import { Failure } from "./steps.mjs";

const fuzzVersion = "0.13.2";

/**
 * AddressSanitizer's runtime, to be put into a process that was not built for it: the C compiler's own, which knows all
 * that rustc's code asks for.
 *
 * @returns {string | undefined}
 */
export function sanitizerRuntime() {
  // As gcc and clang name it.
  const cpu = process.arch === "arm64" ? "aarch64" : "x86_64";
  const names = ["libasan.so", `libclang_rt.asan-${cpu}.so`];
  const files = names.map((name) =>
    outputOf(process.env.CC || "cc", [`-print-file-name=${name}`])?.trim(),
  );
  // What it does not have, a compiler names as it was asked.
  return files.find((file) => file?.startsWith("/") && existsSync(file));
}

/** @typedef {{ isThere: () => boolean, install: string }} Tool */

/** @satisfies {Record<string, Tool>} */
const tools = {
  "cargo-fuzz": {
    isThere: () => outputOf("cargo", ["fuzz", "--version"])?.trim() === `cargo-fuzz ${fuzzVersion}`,
    install: `cargo install cargo-fuzz --version ${fuzzVersion} --locked`,
  },
  valgrind: {
    isThere: () => outputOf("valgrind", ["--version"]) !== undefined,
    install: "on Debian, apt-get install valgrind",
  },
  "AddressSanitizer's runtime": {
    isThere: () => sanitizerRuntime() !== undefined,
    install: "on Debian, apt-get install gcc (or clang and libclang-rt-dev, with CC=clang)",
  },
  perf: {
    isThere: () => outputOf("perf", ["--version"]) !== undefined,
    install: "on Debian, apt-get install linux-perf",
  },
  openssl: {
    isThere: () => outputOf("openssl", ["version"]) !== undefined,
    install: "on Debian, apt-get install openssl",
  },
};

/** @typedef {keyof typeof tools} ToolName */

/** @param {ToolName[]} names */
export function requireTools(...names) {
  const missing = [...new Set(names)].filter((name) => !tools[name].isThere());
  if (missing.length > 0) {
    throw new Failure(
      [
        "Install what is missing:",
        ...missing.map((name) => `${name}: ${tools[name].install}`),
      ].join("\n  "),
    );
  }
}
