// The steps of a release, run by .github/workflows/release.yml and described in docs/RELEASING.md.
//
//   node scripts/release.mjs check TAG [DIR]         checks the repository and, with DIR, the packed tarballs
//   node scripts/release.mjs gate                    checks, on GitHub, that this commit may be released
//   node scripts/release.mjs publish DIR [--dry-run] publishes the tarballs to npm
//   node scripts/release.mjs notes                   prints the changelog of the version in package.json
import { parseArgs } from "node:util";

import { problemsOfGate } from "./lib/gate.mjs";
import { root } from "./lib/project.mjs";
import { packagesIn, publishAll } from "./lib/publish.mjs";
import { changesOf, problemsOf, problemsOfPackages, sources } from "./lib/release.mjs";
import { Failure, main } from "./lib/steps.mjs";

/** @typedef {import("./lib/release.mjs").Package} Packed */

/** @param {string[]} problems */
function refuse(problems) {
  if (problems.length > 0) {
    throw new Failure(`Not to be released:\n  ${problems.join("\n  ")}`);
  }
}

/** @param {Packed[]} packages */
function problemsOfTarballs(packages) {
  const { version, napi } = sources().manifest;
  return problemsOfPackages(version, packages, napi.targets);
}

/** @param {string} tag @param {string} [directory] */
function check(tag, directory) {
  const packages = directory === undefined ? [] : problemsOfTarballs(packagesIn(directory));
  refuse([...problemsOf(tag, sources()), ...packages]);
  console.log(`${tag} is consistent`);
}

/** @param {string} directory @param {boolean} isDry */
async function publish(directory, isDry) {
  const packages = packagesIn(directory);
  refuse(problemsOfTarballs(packages));
  await publishAll(packages, { isDry });
}

async function gate() {
  const { manifest } = sources();
  refuse(await problemsOfGate(manifest, root, process.env));
  console.log("This commit may be released");
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
  } else if (step === "gate") {
    await gate();
  } else if (step === "publish" && first !== undefined) {
    await publish(first, values["dry-run"]);
  } else if (step === "notes") {
    notes();
  } else {
    throw new Failure(
      "Usage: node scripts/release.mjs check TAG [DIR] | gate | publish DIR | notes",
    );
  }
});
