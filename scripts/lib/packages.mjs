// Creates the published packages: the main package, and one per platform with the addon.
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { addonName } from "./addon.mjs";
import { npm, outputOf, outputOrFail, run, tool } from "./process.mjs";
import { inProject, readJson, readText } from "./project.mjs";
import { publishedReadme } from "./readme.mjs";
import { Failure } from "./steps.mjs";

/** The folders of the platform packages, such as `linux-x64-gnu`, created by the napi-rs CLI. */
const folder = "npm";

/** @param {string} cwd @param {string} destination */
function packInto(cwd, destination) {
  const quiet = ["--ignore-scripts", "--loglevel=error"];
  return run(...npm(["pack", ...quiet, "--pack-destination", destination]), { cwd });
}

export async function createPlatformPackages() {
  fs.rmSync(inProject(folder), { recursive: true, force: true });
  await run(...tool("@napi-rs/cli", ["create-npm-dirs", "--npm-dir", folder], "napi"));
  const tags = fs.readdirSync(inProject(folder)).sort();
  tags.forEach(complete);
  return tags;
}

/** @param {string} tag @param {string} file @param {string} text */
const write = (tag, file, text) => fs.writeFileSync(inProject(folder, tag, file), text);

/**
 * The entry of a platform package. Checks the size of the addon, because a file truncated by a download or a full disk
 * would crash the process when loaded.
 *
 * @param {string} addon
 * @param {number} bytes
 */
const entryOf = (addon, bytes) => `"use strict";

const { size } = require("node:fs").statSync(\`\${__dirname}/${addon}\`, { throwIfNoEntry: false }) ?? {};
if (size < ${bytes}) {
  throw new Error(\`\${__dirname}/${addon} is truncated: \${size} of ${bytes} bytes: install it again\`);
}
module.exports = require("./${addon}");
`;

/**
 * Adds what the CLI does not: the module that lets Nitro 3 bundle the addon (see nitro/inlined.cjs; `raw:` is Nitro's
 * prefix), the licences, and a README.
 *
 * @param {string} tag
 */
function complete(tag) {
  const manifest = readJson(folder, tag, "package.json");
  const main = readJson("package.json");
  manifest.description = `The native addon of ${main.name} for ${tag}`;
  manifest.type = "commonjs";
  manifest.main = "index.js";
  manifest.files.push("index.js", "inline.mjs", "THIRD-PARTY-NOTICES");
  write(tag, "package.json", `${JSON.stringify(manifest, null, 2)}\n`);
  write(tag, "inline.mjs", `export { default } from "raw:./${addonName(tag)}";\n`);
  write(
    tag,
    "README.md",
    `# ${manifest.name}\n\nThe native addon of [${main.name}](https://www.npmjs.com/package/${main.name}) for ${tag}. ` +
      `npm installs it with that package, on this platform; nothing here is to be imported.\n\n` +
      `Licence: MIT. THIRD-PARTY-NOTICES has those of what is linked in.\n`,
  );
  for (const file of ["LICENSE", "docs/THIRD-PARTY-NOTICES"]) {
    fs.copyFileSync(inProject(file), inProject(folder, tag, path.basename(file)));
  }
}

/**
 * @param {string} tag
 * @param {string} addon path of its `.node` file
 * @param {string} destination
 * @param {object} [options]
 * @param {boolean} [options.strip] removes the symbols, which are two thirds of a debug addon and would be copied by
 *   every test that installs it. Without binutils, they are kept.
 */
export async function packPlatform(tag, addon, destination, { strip = false } = {}) {
  if (!fs.existsSync(inProject(folder, tag))) {
    throw new Failure(`No package is published for ${tag}: see "targets" in package.json.`);
  }
  const file = inProject(folder, tag, addonName(tag));
  fs.copyFileSync(addon, file);
  if (strip) {
    outputOf("strip", [file]);
  }
  write(tag, "index.js", entryOf(addonName(tag), fs.statSync(file).size));
  await packInto(inProject(folder, tag), destination);
}

/** @returns {string[]} the files that `files` in package.json selects, according to npm */
function filesOfMainPackage() {
  const report = outputOrFail(...npm(["pack", "--dry-run", "--json", "--ignore-scripts"]));
  return JSON.parse(report)[0].files.map((/** @type {{ path: string }} */ file) => file.path);
}

/** @param {string[]} tags @param {string} destination */
export async function packMain(tags, destination) {
  const manifest = readJson("package.json");
  const staging = fs.mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-pack-"));
  try {
    for (const file of filesOfMainPackage()) {
      fs.cpSync(inProject(file), path.join(staging, file), { recursive: true });
    }
    // Added only to the published manifest, as `napi pre-publish` does: before the first release they are not on npm,
    // and a lock file cannot contain packages that do not exist.
    const names = tags.map((tag) => `${manifest.napi.packageName}-${tag}`);
    const optionalDependencies = Object.fromEntries(names.map((name) => [name, manifest.version]));
    const published = { ...manifest, optionalDependencies };
    fs.writeFileSync(path.join(staging, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
    const readme = publishedReadme(readText("README.md"), manifest);
    fs.writeFileSync(path.join(staging, "README.md"), readme);
    await packInto(staging, destination);
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}
