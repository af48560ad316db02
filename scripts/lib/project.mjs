// Paths of the project. All of scripts/ imports only Node built-ins, because it runs before packages are installed.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** @param {...string} segments */
export const inProject = (...segments) => path.join(root, ...segments);

/** Ignored by Git. Everything in it can be recreated. */
export const cacheDirectory = inProject(".cache");

/** @param {...string} segments */
export const readText = (...segments) => readFileSync(inProject(...segments), "utf8");

/** @param {...string} segments @returns {any} */
export const readJson = (...segments) => JSON.parse(readText(...segments));

/**
 * Lists all files in a folder without following links.
 *
 * @param {string} folder
 * @returns {string[]} relative to the repository
 */
export const filesIn = (folder) =>
  readdirSync(inProject(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .map((file) => file.replaceAll("\\", "/"));
