// `node scripts/release/publish.mjs DIR [--dry-run]`: the tarballs to npm. The platforms first: whoever installs the main
// package must find them. What is there already is left out, so that a run that broke can be repeated.
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { npm, outputOf, run } from "../lib/process.mjs";
import { readJson } from "../lib/project.mjs";
import { Failure, main } from "../lib/steps.mjs";

/** @param {string} file `unstorage-dynamodb-binding-linux-x64-gnu-1.2.3.tgz` of `@unstorage-dynamodb/binding-linux-x64-gnu` */
const nameOf = (file, /** @type {string} */ version) =>
  file
    .slice(0, -`-${version}.tgz`.length)
    .replace(/^unstorage-dynamodb-(?=binding-)/, "@unstorage-dynamodb/");

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { "dry-run": { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  if (directory === undefined) {
    throw new Failure("Usage: node scripts/release/publish.mjs DIR [--dry-run]");
  }
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
    const parameters = [
      "publish",
      path.resolve(directory, file),
      "--access",
      "public",
      "--tag",
      tag,
    ];
    await run(...npm(values["dry-run"] ? [...parameters, "--dry-run"] : parameters));
  }
});
