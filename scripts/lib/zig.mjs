// Zig as C compiler and linker for Linux release builds. It links against any version of glibc, so that the addon loads
// on older systems, and supports musl and other processors without extra toolchains.
import path from "node:path";

import { fromPypi } from "./pypi.mjs";

const requirements = "scripts/lib/zig-requirements.txt";

/** The glibc that Node's own Linux builds require. Systems with an older one cannot run Node. */
export const glibc = "2.28";

// Zig's clang does not compile AVX-512 for these targets, and libdeflate omits it only if told that the assembler does
// not support it. Its checksums then use PCLMULQDQ and AVX2.
const flags = ["VPCLMULQDQ", "AVX512VNNI"].map(
  (feature) => `-DLIBDEFLATE_ASSEMBLER_DOES_NOT_SUPPORT_${feature}`,
);

/**
 * Returns the napi-rs CLI options for a Linux target.
 *
 * @param {string} target as cargo names it
 * @returns {Promise<{ parameters: string[], env: NodeJS.ProcessEnv }>}
 */
export async function zigBuild(target) {
  const directory = await fromPypi("Zig", requirements);
  // cargo-zigbuild reads the glibc version from the suffix of the target.
  const versioned = target.endsWith("-gnu") ? `${target}.${glibc}` : target;
  return {
    parameters: ["--cross-compile", "--target", versioned],
    env: {
      PATH: `${path.join(directory, "bin")}${path.delimiter}${process.env.PATH}`,
      CARGO_ZIGBUILD_ZIG_PATH: path.join(directory, "ziglang", "zig"),
      CFLAGS: [process.env.CFLAGS, ...flags].join(" ").trim(),
    },
  };
}
