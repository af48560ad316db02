// The package's own CommonJS modules. Loaded through `load`, so that tsc does not check them.
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

/** @type {{ version: string }} */
export const { version } = load("../package.json");

/** The addon, or the data of an error. @returns {any} */
export const loadAddon = () => load("../js/native.cjs")();

/** @returns {string} such as `linux-x64-gnu` */
export const platformTag = () => load("../js/loader.cjs").platformTag();
