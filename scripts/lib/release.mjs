// Checks before a release that everything that names a version agrees, and that the tarballs belong together.
import { problemsOfAddon } from "./binary.mjs";
import { webAddress } from "./gate.mjs";
import { filesIn, readText } from "./project.mjs";
import { messageOf } from "./steps.mjs";

/**
 * @typedef {object} Sources
 * @property {any} manifest package.json
 * @property {string} cargo Cargo.toml
 * @property {Record<string, string>} locks the lock files that contain this crate
 * @property {string} loader binding.cjs
 * @property {string} own js/loader.cjs
 * @property {string} changelog CHANGELOG.md
 * @property {Record<string, string>} texts what users read or copy
 */

/** @param {string[]} files @returns {Record<string, string>} */
const textsOf = (files) => Object.fromEntries(files.map((file) => [file, readText(file)]));

/** @returns {Sources} the files of the repository */
export const sources = () => ({
  manifest: JSON.parse(readText("package.json")),
  cargo: readText("Cargo.toml"),
  locks: textsOf(["Cargo.lock", "fuzz/Cargo.lock"]),
  loader: readText("binding.cjs"),
  own: readText("js/loader.cjs"),
  changelog: readText("CHANGELOG.md"),
  texts: textsOf([
    "README.md",
    ...filesIn("docs/guide"),
    ...filesIn("examples").filter((file) =>
      /^examples\/[^/]+\/(package\.json|README\.md)$/.test(file),
    ),
  ]),
});

/**
 * @param {string} version
 * @param {string} changelog
 * @returns {string | undefined} the section of that version, without its heading
 */
export const changesOf = (version, changelog) =>
  changelog
    .split(/^## /m)
    .map((section) => /^\[(.+)\] - \d{4}-\d\d-\d\d\n([^]*)/.exec(section))
    .find((found) => found?.[1] === version)?.[2]
    ?.trim();

/** @param {string} version @param {string} file @param {string} text */
function problemsOfText(version, file, text) {
  const named = [...text.matchAll(/unstorage-dynamodb(?:@|": ")(\d[\w.+-]*)/g)];
  const wrong = named.map(([, found]) => found).filter((found) => found !== version);
  const note = /not released yet|not on npm/i.exec(text)?.[0];
  return wrong
    .map((found) => `${file} names version ${found}, not ${version}`)
    .concat(note === undefined ? [] : `${file} says "${note}"`);
}

/**
 * @param {string} tag `v1.2.3`
 * @param {Sources} given
 * @returns {string[]} the problems
 */
export function problemsOf(tag, { manifest, cargo, locks, loader, own, changelog, texts }) {
  const { version, repository } = manifest;
  const versions = {
    "Cargo.toml": /^version = "(.+)"$/m.exec(cargo)?.[1],
    "js/loader.cjs": /^const version = "(.+)";$/m.exec(own)?.[1],
    ...Object.fromEntries(
      Object.entries(locks).map(([file, text]) => [
        file,
        /^name = "unstorage-dynamodb"\nversion = "(.+)"$/m.exec(text)?.[1],
      ]),
    ),
  };
  // The napi-rs CLI writes the version into the loader, so a different one means that it is stale.
  const expected = [...loader.matchAll(/expected (\S+) but got/g)].map(([, found]) => found);
  const built = [...new Set(expected)].join(", ");
  /** @type {[isRight: unknown, problem: string][]} */
  const checks = [
    [tag === `v${version}`, `the tag is ${tag}, package.json has version ${version}`],
    [built === version, `binding.cjs was made for version ${built}: run \`npm run build:debug\``],
    [
      changesOf(version, changelog),
      `CHANGELOG.md has no "## [${version}] - YYYY-MM-DD" with changes`,
    ],
    // npm rejects provenance for a package whose `repository` is not the one that built it.
    [
      webAddress(repository?.url ?? ""),
      `package.json names no repository: add "repository", with the url git+https://….git (docs/RELEASING.md)`,
    ],
  ];
  return Object.entries(versions)
    .filter(([, found]) => found !== version)
    .map(([file, found]) => `${file} has version ${found}, package.json ${version}`)
    .concat(checks.flatMap(([isRight, problem]) => (isRight ? [] : [problem])))
    .concat(Object.entries(texts).flatMap(([file, text]) => problemsOfText(version, file, text)));
}

/**
 * @typedef {object} Package
 * @property {any} manifest
 * @property {Map<string, Buffer>} files
 */

/** @param {Package} platform */
function problemsOfPlatform({ manifest, files }) {
  const tag = manifest.name.replace(/^.*\/binding-/, "");
  const addons = [...files].filter(([file]) => file.endsWith(".node"));
  const [[file, bytes] = ["no file", Buffer.of()]] = addons;
  if (addons.length !== 1 || !file.endsWith(`.${tag}.node`)) {
    return [`${manifest.name} contains ${file} as its addon`];
  }
  try {
    return problemsOfAddon(bytes, tag).map((problem) => `${manifest.name}: ${problem}`);
  } catch (error) {
    return [`${manifest.name}: ${messageOf(error)}`];
  }
}

/**
 * @param {string} version
 * @param {Package[]} packages all that will be published
 * @param {string[]} targets the expected platforms
 * @returns {string[]} the problems
 */
export function problemsOfPackages(version, packages, targets) {
  const platforms = packages.filter(({ manifest }) => manifest.os);
  const mains = packages.filter(({ manifest }) => !manifest.os);
  const names = platforms.map(({ manifest }) => manifest.name).sort();
  const named = mains[0]?.manifest.optionalDependencies ?? {};
  const problems = packages
    .map(({ manifest }) => manifest)
    .filter((manifest) => manifest.version !== version)
    .map((manifest) => `${manifest.name} has version ${manifest.version}, not ${version}`);
  if (platforms.length !== targets.length || mains.length !== 1) {
    problems.push(
      `${platforms.length} platform packages and ${mains.length} main packages for ${targets.length} targets`,
    );
  }
  if (Object.keys(named).sort().join() !== names.join()) {
    problems.push(`the main package names [${Object.keys(named)}], packed are [${names}]`);
  }
  const loose = Object.entries(named).filter(([, wanted]) => wanted !== version);
  return problems
    .concat(
      loose.map(([name, at]) => `the main package wants ${name} at ${at}, not exactly ${version}`),
    )
    .concat(platforms.flatMap(problemsOfPlatform));
}
