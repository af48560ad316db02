// How to build for AddressSanitizer, and to run what was built.
import { Failure } from "../../scripts/lib/steps.mjs";
import { ensureTools, sanitizerRuntime } from "../../scripts/lib/tools.mjs";

/** @param {string} targetDirectory apart from that of everything else: other flags make other artefacts */
export async function sanitizer(targetDirectory) {
  if (process.platform !== "linux") {
    throw new Failure("AddressSanitizer is run on Linux alone.");
  }
  await ensureTools("AddressSanitizer's runtime");
  const rustFlags = ["-Zsanitizer=address"];
  return {
    rustFlags,
    cargoEnv: {
      // The pinned compiler is a stable one, and sanitizers are not yet.
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: rustFlags.join(" "),
      CARGO_TARGET_DIR: targetDirectory,
    },
    nodeEnv: {
      // Node is not built for it, so the runtime has to be in the process before the addon is.
      LD_PRELOAD: sanitizerRuntime(),
      // What Node keeps to its end is no leak of ours; valgrind looks for those in the core.
      ASAN_OPTIONS: "detect_leaks=0:exitcode=99",
    },
  };
}
