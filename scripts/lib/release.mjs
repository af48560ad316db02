// What must agree before a release: the tag, package.json, Cargo.toml, both loaders and the changelog.
import { readText } from "./project.mjs";

/**
 * @typedef {object} Sources
 * @property {any} manifest package.json
 * @property {string} cargo Cargo.toml
 * @property {string} loader binding.cjs
 * @property {string} own js/loader.cjs
 * @property {string} changelog CHANGELOG.md
 */

/** @returns {Sources} as they are in the repository */
export const sources = () => ({
  manifest: JSON.parse(readText("package.json")),
  cargo: readText("Cargo.toml"),
  loader: readText("binding.cjs"),
  own: readText("js/loader.cjs"),
  changelog: readText("CHANGELOG.md"),
});

/** @param {string} text */
const escaped = (text) => text.replaceAll(".", String.raw`\.`);

/**
 * @param {string} version
 * @param {string} changelog
 * @returns {string | undefined} the section of that version, without its heading
 */
export function changesOf(version, changelog) {
  const heading = new RegExp(`^## \\[${escaped(version)}\\] - \\d{4}-\\d\\d-\\d\\d$`, "m").exec(
    changelog,
  );
  if (heading === null) {
    return undefined;
  }
  const [section = ""] = changelog.slice(heading.index + heading[0].length).split(/^## /m, 1);
  return section.trim();
}

/**
 * @param {string} tag `v1.2.3`
 * @param {Sources} given
 * @returns {string[]} what is wrong
 */
export function problemsOf(tag, { manifest, cargo, loader, own, changelog }) {
  const { version } = manifest;
  const problems = [];
  if (tag !== `v${version}`) {
    problems.push(`the tag is ${tag}, package.json has version ${version}`);
  }
  const crate = /^version = "(.+)"$/m.exec(cargo)?.[1];
  if (crate !== version) {
    problems.push(`Cargo.toml has version ${crate}, package.json ${version}`);
  }
  const loaded = /^const version = "(.+)";$/m.exec(own)?.[1];
  if (loaded !== version) {
    problems.push(`js/loader.cjs has version ${loaded}, package.json ${version}`);
  }
  // The napi-rs CLI writes the version that it saw: another one was built before the version was raised.
  const expected = new Set(
    [...loader.matchAll(/expected (\S+) but got/g)].map(([, found]) => found),
  );
  if (expected.size !== 1 || !expected.has(version)) {
    problems.push(
      `binding.cjs was made for version ${[...expected].join(", ")}: run \`npm run build:debug\``,
    );
  }
  if (!changesOf(version, changelog)) {
    problems.push(`CHANGELOG.md has no "## [${version}] - YYYY-MM-DD" with changes`);
  }
  // npm refuses provenance for a package that does not name the repository that it was built in.
  if (!manifest.repository?.url) {
    problems.push(
      `package.json names no repository: add "repository", with the address that this is hosted at (docs/RELEASING.md, step 1)`,
    );
  }
  return problems;
}

/**
 * @param {string} version
 * @param {any[]} manifests of all packages that will be published
 * @param {string[]} targets how many platforms there must be
 * @returns {string[]} what is wrong
 */
export function problemsOfPackages(version, manifests, targets) {
  const problems = manifests
    .filter((manifest) => manifest.version !== version)
    .map((manifest) => `${manifest.name} has version ${manifest.version}, not ${version}`);
  const platforms = manifests.filter((manifest) => manifest.os).map((manifest) => manifest.name);
  const main = manifests.find((manifest) => !manifest.os);
  const named = main?.optionalDependencies ?? {};
  if (platforms.length !== targets.length) {
    problems.push(`${platforms.length} platform packages for ${targets.length} targets`);
  }
  if (Object.keys(named).sort().join() !== [...platforms].sort().join()) {
    problems.push(`the main package names [${Object.keys(named)}], packed are [${platforms}]`);
  }
  for (const [name, wanted] of Object.entries(named)) {
    if (wanted !== version) {
      problems.push(`the main package wants ${name} at ${wanted}, not exactly ${version}`);
    }
  }
  return problems;
}
