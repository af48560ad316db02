// What an app has more of on its disk: files and bytes of each contestant and all that comes with it.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import { npm, outputOrFail } from "../../scripts/lib/process.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { app } from "./prepare.mjs";
import { summarise } from "./stats.mjs";

/** @param {string} directory @param {(name: string) => boolean} [isWanted] by the path in that directory */
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

/** The folders of packages and of everything they depend on, as npm installed them. @param {string[]} names */
function closure(names) {
  const query = names.map((name) => `[name="${name}"], [name="${name}"] *`).join();
  /** @type {{ location: string }[]} */
  const found = JSON.parse(outputOrFail(...npm(["query", query])));
  return found.map(({ location }) => location);
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
      closure(["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"]).map((folder) =>
        measureDirectory(inProject(folder), isOwn),
      ),
    ),
    bundled: total([{ bytes: statSync(bundle).size, files: 1 }]),
  };
}
