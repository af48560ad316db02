// Publishes the packages of a release so that no install finds the main package without the others, and so that a
// failed run can be repeated.
import { readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { npm, outputOrFail, run } from "./process.mjs";
import { Failure } from "./steps.mjs";
import { filesOf, integrityOf } from "./tarball.mjs";

/** @typedef {{ tarball: string, integrity: string, manifest: any }} Packed */

/** A registry shows new packages within seconds, rarely within minutes. */
const waits = [1, 2, 4, 8, ...Array.from({ length: 40 }, () => 15)];

export const registryAddress = () =>
  outputOrFail(...npm(["config", "get", "registry"]))
    .trim()
    .replace(/\/?$/, "/");

/** @param {string} directory with tarballs */
export const packagesIn = (directory) =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => {
      const tarball = path.resolve(directory, file);
      const files = filesOf(tarball);
      const manifest = JSON.parse(String(files.get("package.json")));
      return { tarball, integrity: integrityOf(tarball), manifest, files };
    });

/**
 * Returns what an install would get, as opposed to `npm view`, which bypasses caches.
 *
 * @param {string} registry
 * @param {string} name
 * @param {string} version
 * @returns {Promise<string | undefined>} the integrity of the published version, if it can be seen
 */
export async function publishedIntegrity(registry, name, version) {
  const response = await fetch(registry + name.replace("/", "%2f"), {
    headers: { accept: "application/vnd.npm.install-v1+json" },
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 404) {
    return undefined;
  }
  if (!response.ok) {
    throw new Failure(`${registry} answers ${response.status} for ${name}`);
  }
  const { versions = {} } = /** @type {any} */ (await response.json());
  return versions[version]?.dist.integrity;
}

/** @param {Packed} packed */
const label = ({ manifest }) => `${manifest.name}@${manifest.version}`;

/**
 * A version cannot be replaced. If it has other bytes, they are those of another build, and must not be mixed with
 * these.
 *
 * @param {string} registry
 * @param {Packed} packed
 * @returns {Promise<boolean>} whether it is published
 */
async function isPublished(registry, packed) {
  const { name, version } = packed.manifest;
  const found = await publishedIntegrity(registry, name, version);
  if (found !== undefined && found !== packed.integrity) {
    throw new Failure(
      `${label(packed)} is published with other contents (${found}) than ${packed.tarball} ` +
        `(${packed.integrity}). Publish the tarballs of the run that published it, or a new version.`,
    );
  }
  return found !== undefined;
}

/**
 * @param {string} registry
 * @param {Packed[]} packages
 * @param {number[]} [seconds] between two looks
 */
export async function waitUntilVisible(registry, packages, seconds = waits) {
  let missing = packages;
  for (const wait of [0, ...seconds]) {
    await sleep(wait * 1000);
    const found = await Promise.all(missing.map((packed) => isPublished(registry, packed)));
    missing = missing.filter((_, index) => !found[index]);
    if (missing.length === 0) {
      return;
    }
    console.log(`Not yet visible: ${missing.map(label).join(", ")}`);
  }
  throw new Failure("The registry does not show what was published. Run this again later.");
}

/**
 * @param {Packed[]} packages
 * @param {object} [options]
 * @param {boolean} [options.isDry]
 * @param {string} [options.registry] default: npm's
 * @param {NodeJS.ProcessEnv} [options.env] for npm
 */
export async function publishAll(packages, options = {}) {
  const { isDry = false, registry = registryAddress(), env } = options;
  // Compares all of them before publishing any.
  const published = await Promise.all(packages.map((packed) => isPublished(registry, packed)));
  const missing = packages.filter((_, index) => !published[index]);
  packages
    .filter((packed) => !missing.includes(packed))
    .forEach((packed) => console.log(`${label(packed)} is published`));
  for (const isMain of [false, true]) {
    const ofKind = (/** @type {Packed} */ { manifest }) => isMain === !manifest.os;
    for (const packed of missing.filter(ofKind)) {
      // `npm install` must not select a pre-release such as 1.0.0-beta.1.
      const tag = packed.manifest.version.includes("-") ? "next" : "latest";
      const parameters = ["publish", packed.tarball, "--access", "public", "--tag", tag];
      await run(...npm(isDry ? [...parameters, "--dry-run"] : parameters), { env });
    }
    if (!isDry) {
      // An install that finds the main package without a platform's would write a lock file without it.
      await waitUntilVisible(registry, packages.filter(ofKind));
    }
  }
}
