// `npm run check:deny`: what is linked in is what deny.toml allows, and deny.toml really refuses what it should.
//
// A list of bans that has never refused anything proves nothing, so each one is tried: in a temporary package that
// depends on an empty crate of the banned name.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { run } from "./lib/process.mjs";
import { inProject } from "./lib/project.mjs";
import { runSuites } from "./lib/results.mjs";
import { main } from "./lib/steps.mjs";

/** @typedef {{ name: string, version: string, license?: string }} Crate */

/** @typedef {{ rule: string, check: "bans" | "licenses", verdict: string, crates: Crate[] }} Probe */

/** @type {(name: string, version: string) => Probe} */
const banned = (name, version) => ({
  rule: `${name} ${version} is refused`,
  check: "bans",
  verdict: "error[banned]",
  crates: [{ name, version }],
});

/** @type {(name: string, ...versions: string[]) => Probe} */
const duplicate = (name, ...versions) => ({
  rule: `${name} twice is refused`,
  check: "bans",
  verdict: "error[duplicate]",
  crates: versions.map((version) => ({ name, version })),
});

/** @type {Probe[]} */
const probes = [
  banned("aws-lc-rs", "1.0.0"),
  banned("aws-lc-sys", "0.30.0"),
  banned("openssl", "0.10.0"),
  banned("openssl-sys", "0.9.0"),
  banned("native-tls", "0.2.0"),
  banned("hyper", "0.14.32"),
  banned("rustls", "0.21.12"),
  duplicate("hyper", "1.0.0", "2.0.0"),
  duplicate("rustls", "0.23.0", "0.24.0"),
  duplicate("ring", "0.17.0", "0.18.0"),
  {
    rule: "a licence that is not on the list is refused",
    check: "licenses",
    verdict: "error[rejected]",
    crates: [{ name: "copyleft", version: "1.0.0", license: "AGPL-3.0-only" }],
  },
];

/**
 * @param {string} directory
 * @param {string} manifest
 */
function writePackage(directory, manifest) {
  mkdirSync(path.join(directory, "src"), { recursive: true });
  writeFileSync(path.join(directory, "Cargo.toml"), manifest);
  writeFileSync(path.join(directory, "src", "lib.rs"), "");
}

/** @param {Crate} crate */
const manifestOf = ({ name, version, license = "MIT" }) =>
  `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\nlicense = "${license}"\n`;

/**
 * Asks cargo-deny about a package that depends on these crates.
 *
 * @param {string} which
 * @param {Crate[]} crates
 */
function verdictOn(which, crates) {
  const directory = mkdtempSync(path.join(tmpdir(), "check-deny-"));
  try {
    const dependencies = crates.map((crate, index) => {
      writePackage(path.join(directory, `crate-${index}`), manifestOf(crate));
      const { name, version } = crate;
      return `probe-${index} = { package = "${name}", version = "${version}", path = "crate-${index}" }\n`;
    });
    // Excluded, so that the crates are dependencies and no members: those could not have one name twice.
    const members = crates.map((_, index) => `"crate-${index}"`);
    const manifest = manifestOf({ name: "probe", version: "0.1.0" });
    writePackage(
      directory,
      `${manifest}[dependencies]\n${dependencies.join("")}[workspace]\nexclude = [${members.join(", ")}]\n`,
    );
    copyFileSync(inProject("deny.toml"), path.join(directory, "deny.toml"));
    // In a graph this small most of the licence list is unused, which is not what is asked here.
    const parameters = ["deny", "--offline", "check", "--allow", "license-not-encountered", which];
    const { status, stderr } = spawnSync("cargo", parameters, { cwd: directory, encoding: "utf8" });
    return { passes: status === 0, stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {Probe} probe */
function isProved({ rule, check, verdict, crates }) {
  // Without the crates it passes, and with them it fails for the right reason: so it is they that are refused.
  const without = verdictOn(check, [{ name: "harmless", version: "1.0.0" }]);
  const { passes, stderr } = verdictOn(check, crates);
  const proved = without.passes && !passes && stderr.includes(verdict);
  console.log(`${proved ? "proved" : "NOT proved"}: ${rule}`);
  if (!proved) {
    console.error(without.stderr, stderr);
  }
  return proved;
}

await main(async () => {
  const deny = ["deny", "--workspace", "check", "bans", "licenses", "sources"];
  await runSuites([
    [
      "What is linked in",
      async () => {
        // --workspace: the engine too, though it is never shipped.
        await run("cargo", deny);
        return { passed: 1, failed: 0 };
      },
    ],
    [
      "The bans bite",
      () => {
        const passed = probes.filter(isProved).length;
        return { passed, failed: probes.length - passed };
      },
    ],
  ]);
});
