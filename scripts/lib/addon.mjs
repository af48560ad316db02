// Builds the native addon if its sources have changed since the last build.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

import { hostTarget } from "./cargo.mjs";
import { run, tool } from "./process.mjs";
import { cacheDirectory, inProject, readJson, root } from "./project.mjs";
import { Failure, step } from "./steps.mjs";
import { zigBuild } from "./zig.mjs";

/** @typedef {"debug" | "release"} Profile */

const stampFile = path.join(cacheDirectory, "addon.json");

/** All files that affect the binary or the generated loader. */
const inputs = [
  "Cargo.lock",
  "Cargo.toml",
  "build.rs",
  "package.json",
  "rust-toolchain.toml",
  "scripts/lib/zig-requirements.txt",
  "scripts/lib/zig.mjs",
  "src",
];

/** napi-rs's name of this machine's platform, such as `linux-x64-gnu`. */
export function platformTag() {
  const { platform, arch } = process;
  if (platform === "linux") {
    const report = /** @type {any} */ (process.report.getReport());
    return `linux-${arch}-${report.header.glibcVersionRuntime ? "gnu" : "musl"}`;
  }
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** The file name of the addon for a platform, by default this machine's. */
export const addonName = (tag = platformTag()) =>
  `${readJson("package.json").napi.binaryName}.${tag}.node`;

/**
 * Hashes contents instead of times, because a checkout changes the times of unchanged files.
 *
 * @param {string[]} entries files and folders of the repository
 */
export function hashOf(entries) {
  const hash = createHash("sha256");
  for (const entry of entries) {
    const files = statSync(inProject(entry)).isDirectory()
      ? readdirSync(inProject(entry), { recursive: true, encoding: "utf8" }).sort()
      : [""];
    for (const file of files) {
      const location = inProject(entry, file);
      if (statSync(location).isFile()) {
        hash.update(`${entry}/${file}\0`).update(readFileSync(location)).update("\0");
      }
    }
  }
  return hash.digest("hex");
}

/** Distinguishes a binary from another source from the one that the stamp describes. @param {string} file */
function fingerprintOf(file) {
  const { size, mtimeMs } = statSync(file);
  return `${size}:${mtimeMs}`;
}

/** @returns {Profile | undefined} the profile of the addon that was built from the current sources, if any */
export function builtProfile() {
  const addon = inProject(addonName());
  const files = [addon, stampFile, inProject("binding.cjs")];
  if (!files.every((file) => existsSync(file))) {
    return undefined;
  }
  const stamp = JSON.parse(readFileSync(stampFile, "utf8"));
  const isCurrent = stamp.inputs === hashOf(inputs) && stamp.addon === fingerprintOf(addon);
  return isCurrent ? stamp.profile : undefined;
}

/** The compiler's flags for a release. @param {string} target */
export function rustFlags(target) {
  const cargoHome = process.env["CARGO_HOME"] ?? path.join(homedir(), ".cargo");
  // Replaces local directories in shipped binaries, which contain source paths for panic messages. RUSTFLAGS does not
  // support quotes.
  const flags = [`${cargoHome}=/cargo`, `${root}=/unstorage-dynamodb`]
    .filter((folders) => !/\s/.test(folders))
    .map((folders) => `--remap-path-prefix=${folders}`);
  // Otherwise the addon needs VCRUNTIME140.dll, which is not part of Windows.
  const runtime = target.endsWith("-windows-msvc") ? ["-Ctarget-feature=+crt-static"] : [];
  return [process.env["RUSTFLAGS"] ?? "", ...flags, ...runtime].join(" ").trim();
}

/**
 * Runs the napi-rs CLI, which writes the `.node` file to the repository root.
 *
 * @param {Profile} profile
 * @param {string} target as cargo names it
 */
export async function compileAddon(profile, target) {
  // Never --esm: bundlers of older Nitro versions do not follow that loader to the binary. napi-rs derives the loader
  // from type declarations, so it must generate them, although they are not used.
  const declarations = path.join(".cache", "binding.d.ts");
  const parameters = ["build", "--platform", "--js", "binding.cjs", "--dts", declarations];
  if (profile === "debug") {
    return run(...tool("@napi-rs/cli", parameters, "napi"));
  }
  const given = target.includes("-linux-")
    ? await zigBuild(target)
    : { parameters: ["--target", target], env: {} };
  const all = [...parameters, "--release", ...given.parameters];
  const env = { ...given.env, RUSTFLAGS: rustFlags(target) };
  return run(...tool("@napi-rs/cli", all, "napi"), { env });
}

/** @param {Profile} profile */
export async function buildAddon(profile) {
  const sources = hashOf(inputs);
  await compileAddon(profile, hostTarget());
  const addon = inProject(addonName());
  if (!existsSync(addon)) {
    throw new Failure(`The build left no ${path.relative(root, addon)}.`);
  }
  mkdirSync(cacheDirectory, { recursive: true });
  const stamp = { profile, inputs: sources, addon: fingerprintOf(addon) };
  writeFileSync(stampFile, JSON.stringify(stamp));
}

/** @param {Profile} [wanted] `debug` also accepts a release build, which is only slower to build */
export async function ensureAddon(wanted = "debug") {
  const built = builtProfile();
  if (built === undefined || (wanted === "release" && built !== "release")) {
    await step(`Building the native addon (${wanted})`, () => buildAddon(wanted));
  }
}
