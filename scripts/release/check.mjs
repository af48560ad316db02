// `node scripts/release/check.mjs TAG [DIR]`: may this be released? With DIR also the tarballs in it, as packed.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

import { Failure, main } from "../lib/steps.mjs";
import { problemsOf, problemsOfPackages, sources } from "./versions.mjs";

/** @param {string} tarball */
function manifestIn(tarball) {
  const { status, stdout } = spawnSync("tar", ["-xzOf", tarball, "package/package.json"], {
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Failure(`${tarball} holds no package.json`);
  }
  return JSON.parse(stdout);
}

await main(() => {
  const [tag, directory] = process.argv.slice(2);
  if (tag === undefined) {
    throw new Failure("Usage: node scripts/release/check.mjs TAG [DIR]");
  }
  const given = sources();
  const problems = problemsOf(tag, given);
  if (directory !== undefined) {
    const tarballs = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
    const manifests = tarballs.map((file) => manifestIn(path.join(directory, file)));
    problems.push(
      ...problemsOfPackages(given.manifest.version, manifests, given.manifest.napi.targets),
    );
  }
  if (problems.length > 0) {
    throw new Failure(`Not to be released:\n  ${problems.join("\n  ")}`);
  }
  console.log(`${tag} is consistent`);
});
