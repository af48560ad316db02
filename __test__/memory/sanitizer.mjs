// Builds for AddressSanitizer and runs the result.
import { Failure } from "../../scripts/lib/steps.mjs";
import { ensureTools, sanitizerRuntime } from "../../scripts/lib/tools.mjs";

/** @param {string} targetDirectory separate from other builds, because the flags differ */
export async function sanitizer(targetDirectory) {
  if (process.platform !== "linux") {
    throw new Failure("AddressSanitizer is run on Linux alone.");
  }
  await ensureTools("AddressSanitizer's runtime");
  const rustFlags = ["-Zsanitizer=address"];
  return {
    rustFlags,
    cargoEnv: {
      // The pinned compiler is stable, and sanitizers are not.
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: rustFlags.join(" "),
      CARGO_TARGET_DIR: targetDirectory,
    },
    nodeEnv: {
      // Node is not instrumented, so the runtime must be loaded before the addon.
      LD_PRELOAD: sanitizerRuntime(),
      // Node does not free all its memory at exit. valgrind checks the core for leaks.
      ASAN_OPTIONS: "detect_leaks=0:exitcode=99",
    },
  };
}
