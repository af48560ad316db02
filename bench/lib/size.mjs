// What an app has more of on its disk: files and bytes of each contestant and all that comes with it.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import { inProject, readJson } from "../../scripts/lib/project.mjs";
import { app } from "./prepare.mjs";
import { summarise } from "./stats.mjs";

/**
 * @param {string} directory
 * @param {(name: string) => boolean} [isWanted] by the path in that directory
 */
function measureDirectory(directory, isWanted = () => true) {
  let bytes = 0;
  let files = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const location = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && isWanted(path.relative(directory, location))) {
      bytes += statSync(location).size;
      files += 1;
    }
  }
  return { bytes, files };
}

/**
 * The folders of packages and everything they depend on, by the lock file of this repository: as npm installs them.
 *
 * @param {string[]} names
 * @returns {Set<string>} `node_modules/…`
 */
function closure(names) {
  const { packages } = readJson("package-lock.json");
  /** @type {Set<string>} */
  const found = new Set();
  const visit = (/** @type {string} */ name, /** @type {string} */ from) => {
    // In Node's order: next to the package, then further up.
    for (
      let base = from;
      ;
      base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules") - 1))
    ) {
      const location = path.posix.join(base, "node_modules", name);
      if (packages[location]) {
        if (!found.has(location)) {
          found.add(location);
          Object.keys(packages[location].dependencies ?? {}).forEach((next) =>
            visit(next, location),
          );
        }
        return;
      }
      if (base === "") {
        throw new Error(`${name}, which ${from} needs, is not in package-lock.json`);
      }
    }
  };
  names.forEach((name) => visit(name, ""));
  return found;
}

/** @param {{ bytes: number, files: number }[]} parts */
function total(parts) {
  const sum = (/** @type {"bytes" | "files"} */ key) =>
    summarise([parts.reduce((all, part) => all + part[key], 0)]);
  return { bytes: sum("bytes"), files: sum("files") };
}

/**
 * @param {string} bundle the reference in one file
 * @returns {import("./alternate.mjs").Outcome}
 */
export function runSize(bundle) {
  const packages = ["unstorage-dynamodb", "@unstorage-dynamodb"]
    .map((name) => path.join(app, "node_modules", name))
    .filter((folder) => existsSync(folder));
  const isOwn = (/** @type {string} */ file) => !file.split(path.sep).includes("node_modules");
  return {
    driver: total(packages.map((folder) => measureDirectory(folder))),
    reference: total(
      [...closure(["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"])].map((folder) =>
        measureDirectory(inProject(folder), isOwn),
      ),
    ),
    bundled: total([{ bytes: statSync(bundle).size, files: 1 }]),
  };
}
