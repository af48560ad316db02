// The steps of a release, run by .github/workflows/release.yml and described in docs/RELEASING.md.
//
//   node scripts/release.mjs check TAG [DIR]         checks the repository and, with DIR, the packed tarballs
//   node scripts/release.mjs publish DIR [--dry-run] publishes the tarballs to npm
//   node scripts/release.mjs notes                   prints the changelog of the version in package.json
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { npm, outputOf, outputOrFail, run } from "./lib/process.mjs";
import { changesOf, problemsOf, problemsOfPackages, sources } from "./lib/release.mjs";
import { Failure, main } from "./lib/steps.mjs";

/** @param {string} directory @returns {{ tarball: string, manifest: any }[]} */
const packagesIn = (directory) =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => path.resolve(directory, file))
    .map((tarball) => ({
      tarball,
      manifest: JSON.parse(outputOrFail("tar", ["-xzOf", tarball, "package/package.json"])),
    }));

/** @param {string} tag @param {string} [directory] */
function check(tag, directory) {
  const given = sources();
  const problems = problemsOf(tag, given);
  if (directory !== undefined) {
    const { version, napi } = given.manifest;
    const manifests = packagesIn(directory).map(({ manifest }) => manifest);
    problems.push(...problemsOfPackages(version, manifests, napi.targets));
  }
  if (problems.length > 0) {
    throw new Failure(`Not to be released:\n  ${problems.join("\n  ")}`);
  }
  console.log(`${tag} is consistent`);
}

/**
 * Publishes the platform packages first, because installing the main package requires them. Skips published ones, so
 * that a failed run can be repeated.
 *
 * @param {string} directory
 * @param {boolean} isDry
 */
async function publish(directory, isDry) {
  const { version } = sources().manifest;
  // `npm install` must not select a pre-release such as 1.0.0-beta.1.
  const tag = version.includes("-") ? "next" : "latest";
  const packages = packagesIn(directory).filter(({ manifest }) => manifest.version === version);
  const ordered = packages.sort((a, b) => Number(!a.manifest.os) - Number(!b.manifest.os));
  if (ordered.length === 0) {
    throw new Failure(`No tarball of version ${version} in ${directory}.`);
  }
  for (const { tarball, manifest } of ordered) {
    const name = `${manifest.name}@${version}`;
    if (outputOf(...npm(["view", name, "version"]))?.trim() === version) {
      console.log(`${name} is there`);
      continue;
    }
    const parameters = ["publish", tarball, "--access", "public", "--tag", tag];
    await run(...npm(isDry ? [...parameters, "--dry-run"] : parameters));
  }
}

function notes() {
  const { manifest, changelog } = sources();
  const changes = changesOf(manifest.version, changelog);
  if (changes === undefined) {
    throw new Failure(`CHANGELOG.md has nothing of ${manifest.version}.`);
  }
  console.log(changes);
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { "dry-run": { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [step, first, second] = positionals;
  if (step === "check" && first !== undefined) {
    check(first, second);
  } else if (step === "publish" && first !== undefined) {
    await publish(first, values["dry-run"]);
  } else if (step === "notes") {
    notes();
  } else {
    throw new Failure("Usage: node scripts/release.mjs check TAG [DIR] | publish DIR | notes");
  }
});
