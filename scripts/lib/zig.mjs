// Zig as C compiler and linker for Linux release builds. It links against any version of glibc, so that the addon loads
// on older systems, and supports musl and other processors without extra toolchains.
//
// Installed prebuilt from PyPI into .cache, pinned by version and hash.
import { createHash } from "node:crypto";
import path from "node:path";

import { run } from "./process.mjs";
import { cacheDirectory, inProject, readText } from "./project.mjs";
import { fillOnce } from "./steps.mjs";
import { ensureTools } from "./tools.mjs";

const requirements = "scripts/lib/zig-requirements.txt";

/** The glibc that Node's own Linux builds require. Systems with an older one cannot run Node. */
export const glibc = "2.28";

// Zig's clang does not compile AVX-512 for these targets, and libdeflate omits it only if told that the assembler does
// not support it. Its checksums then use PCLMULQDQ and AVX2.
const flags = ["VPCLMULQDQ", "AVX512VNNI"].map(
  (feature) => `-DLIBDEFLATE_ASSEMBLER_DOES_NOT_SUPPORT_${feature}`,
);

async function ensureZig() {
  const version = createHash("sha256").update(readText(requirements)).digest("hex").slice(0, 16);
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  const exact = ["--no-deps", "--only-binary=:all:", "--require-hashes"];
  const wanted = ["--requirement", inProject(requirements)];
  const pip = ["-m", "pip", "install", ...quiet, ...exact, ...wanted];
  const env = { PIP_ROOT_USER_ACTION: "ignore" };
  const folder = path.join(cacheDirectory, "zig", version);
  return fillOnce("Fetching Zig from PyPI", folder, async (partial) => {
    await ensureTools("pip");
    await run("python3", [...pip, "--target", partial], { env });
  });
}

/**
 * Returns the napi-rs CLI options for a Linux target.
 *
 * @param {string} target as cargo names it
 * @returns {Promise<{ parameters: string[], env: NodeJS.ProcessEnv }>}
 */
export async function zigBuild(target) {
  const directory = await ensureZig();
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
