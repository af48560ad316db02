// Where things are. Node built-ins only, in all of scripts/: they run before the packages are installed.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** @param {...string} segments */
export const inProject = (...segments) => path.join(root, ...segments);

/** Git-ignored: whatever can be made again. */
export const cacheDirectory = inProject(".cache");

/**
 * @param {...string} segments
 * @returns {string}
 */
export const readText = (...segments) => readFileSync(inProject(...segments), "utf8");

/**
 * @param {...string} segments
 * @returns {any}
 */
export const readJson = (...segments) => JSON.parse(readText(...segments));
