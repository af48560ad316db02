// The disk usage of each contestant with all its dependencies, in files and bytes.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import { npm, outputOrFail } from "../../scripts/lib/process.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { app } from "./prepare.mjs";
import { summarise } from "./stats.mjs";

/** @param {string[]} folders @param {(file: string) => boolean} [isWanted] receives the path within the folder */
function sizeOf(folders, isWanted = () => true) {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(isWanted)
      .map((file) => statSync(path.join(folder, file)))
      .filter((stat) => stat.isFile()),
  );
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { bytes: summarise([bytes]), files: summarise([files.length]) };
}

/** The folders of packages and their dependencies, as npm installed them. @param {string[]} names */
function closure(names) {
  const query = names.map((name) => `[name="${name}"], [name="${name}"] *`).join();
  /** @type {{ location: string }[]} */
  const found = JSON.parse(outputOrFail(...npm(["query", query])));
  return found.map(({ location }) => location);
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
  const sdk = closure(["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"]);
  const { size } = statSync(bundle);
  return {
    driver: sizeOf(packages),
    reference: sizeOf(
      sdk.map((folder) => inProject(folder)),
      isOwn,
    ),
    bundled: { bytes: summarise([size]), files: summarise([1]) },
  };
}
