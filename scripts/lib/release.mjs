// Checks before a release that the tag, package.json, Cargo.toml, both loaders and the changelog agree.
import { readText } from "./project.mjs";

/**
 * @typedef {object} Sources
 * @property {any} manifest package.json
 * @property {string} cargo Cargo.toml
 * @property {string} loader binding.cjs
 * @property {string} own js/loader.cjs
 * @property {string} changelog CHANGELOG.md
 */

/** @returns {Sources} the files of the repository */
export const sources = () => ({
  manifest: JSON.parse(readText("package.json")),
  cargo: readText("Cargo.toml"),
  loader: readText("binding.cjs"),
  own: readText("js/loader.cjs"),
  changelog: readText("CHANGELOG.md"),
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

/**
 * @param {string} tag `v1.2.3`
 * @param {Sources} given
 * @returns {string[]} the problems
 */
export function problemsOf(tag, { manifest, cargo, loader, own, changelog }) {
  const { version, repository } = manifest;
  const crate = /^version = "(.+)"$/m.exec(cargo)?.[1];
  const loaded = /^const version = "(.+)";$/m.exec(own)?.[1];
  // The napi-rs CLI writes the version into the loader, so a different one means that it is stale.
  const expected = [...loader.matchAll(/expected (\S+) but got/g)].map(([, found]) => found);
  const built = [...new Set(expected)].join(", ");
  /** @type {[isRight: unknown, problem: string][]} */
  const checks = [
    [tag === `v${version}`, `the tag is ${tag}, package.json has version ${version}`],
    [crate === version, `Cargo.toml has version ${crate}, package.json ${version}`],
    [loaded === version, `js/loader.cjs has version ${loaded}, package.json ${version}`],
    [built === version, `binding.cjs was made for version ${built}: run \`npm run build:debug\``],
    [
      changesOf(version, changelog),
      `CHANGELOG.md has no "## [${version}] - YYYY-MM-DD" with changes`,
    ],
    // npm rejects provenance for a package whose `repository` is not the one that built it.
    [
      repository?.url,
      `package.json names no repository: add "repository", with the address that this is hosted at (docs/RELEASING.md, step 1)`,
    ],
  ];
  return checks.flatMap(([isRight, problem]) => (isRight ? [] : [problem]));
}

/**
 * @param {string} version
 * @param {any[]} manifests of all packages that will be published
 * @param {string[]} targets the expected platforms
 * @returns {string[]} the problems
 */
export function problemsOfPackages(version, manifests, targets) {
  const platforms = manifests.filter(({ os }) => os).map(({ name }) => name);
  const named = manifests.find(({ os }) => !os)?.optionalDependencies ?? {};
  const problems = manifests
    .filter((manifest) => manifest.version !== version)
    .map((manifest) => `${manifest.name} has version ${manifest.version}, not ${version}`);
  if (platforms.length !== targets.length) {
    problems.push(`${platforms.length} platform packages for ${targets.length} targets`);
  }
  if (Object.keys(named).sort().join() !== platforms.sort().join()) {
    problems.push(`the main package names [${Object.keys(named)}], packed are [${platforms}]`);
  }
  const loose = Object.entries(named).filter(([, wanted]) => wanted !== version);
  return problems.concat(
    loose.map(([name, at]) => `the main package wants ${name} at ${at}, not exactly ${version}`),
  );
}
