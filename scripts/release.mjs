// The steps of a release, as .github/workflows/release.yml takes them; docs/RELEASING.md.
//
//   node scripts/release.mjs check TAG [DIR]         may this be released? With DIR also the tarballs in it, as packed
//   node scripts/release.mjs publish DIR [--dry-run] the tarballs to npm
//   node scripts/release.mjs notes                   what CHANGELOG.md says of the version in package.json
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { npm, outputOf, run } from "./lib/process.mjs";
import { readJson } from "./lib/project.mjs";
import { changesOf, problemsOf, problemsOfPackages, sources } from "./lib/release.mjs";
import { Failure, main } from "./lib/steps.mjs";

/** @param {string} tarball */
function manifestIn(tarball) {
  const text = outputOf("tar", ["-xzOf", tarball, "package/package.json"]);
  if (text === undefined) {
    throw new Failure(`${tarball} holds no package.json`);
  }
  return JSON.parse(text);
}

/**
 * @param {string} tag
 * @param {string} [directory]
 */
function check(tag, directory) {
  const given = sources();
  const problems = problemsOf(tag, given);
  if (directory !== undefined) {
    const tarballs = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
    const manifests = tarballs.map((file) => manifestIn(path.resolve(directory, file)));
    const { version, napi } = given.manifest;
    problems.push(...problemsOfPackages(version, manifests, napi.targets));
  }
  if (problems.length > 0) {
    throw new Failure(`Not to be released:\n  ${problems.join("\n  ")}`);
  }
  console.log(`${tag} is consistent`);
}

/** @param {string} file `unstorage-dynamodb-binding-linux-x64-gnu-1.2.3.tgz` of `@unstorage-dynamodb/binding-linux-x64-gnu` */
const nameOf = (file, /** @type {string} */ version) =>
  file
    .slice(0, -`-${version}.tgz`.length)
    .replace(/^unstorage-dynamodb-(?=binding-)/, "@unstorage-dynamodb/");

/**
 * The platforms first: whoever installs the main package must find them. What is there already is left out, so that a run
 * that broke can be repeated.
 *
 * @param {string} directory
 * @param {boolean} isDry
 */
async function publish(directory, isDry) {
  const { version } = readJson("package.json");
  // 1.0.0-beta.1 must not be what `npm install` takes.
  const tag = version.includes("-") ? "next" : "latest";
  const tarballs = readdirSync(directory).filter((file) => file.endsWith(`-${version}.tgz`));
  const isMain = (/** @type {string} */ file) => !file.includes("-binding-");
  const ordered = [...tarballs.filter((file) => !isMain(file)), ...tarballs.filter(isMain)];
  if (ordered.length === 0) {
    throw new Failure(`No tarball of version ${version} in ${directory}.`);
  }
  for (const file of ordered) {
    const name = nameOf(file, version);
    if (outputOf(...npm(["view", `${name}@${version}`, "version"]))?.trim() === version) {
      console.log(`${name}@${version} is there`);
      continue;
    }
    const tarball = path.resolve(directory, file);
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
