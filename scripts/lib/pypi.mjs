// Installs prebuilt programs from PyPI into .cache, pinned by version and hash.
import { createHash } from "node:crypto";
import path from "node:path";

import { run } from "./process.mjs";
import { cacheDirectory, inProject, readText } from "./project.mjs";
import { fillOnce } from "./steps.mjs";
import { ensureTools } from "./tools.mjs";

/**
 * @param {string} name for messages, and of the folder
 * @param {string} requirements the file with versions and hashes
 * @param {string} [platform] default: this machine's
 * @returns {Promise<string>} the folder
 */
export function fromPypi(name, requirements, platform) {
  const version = createHash("sha256").update(readText(requirements)).digest("hex").slice(0, 16);
  const folder = path.join(cacheDirectory, name.toLowerCase(), platform ?? "", version);
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"];
  const exact = ["--no-deps", "--only-binary=:all:", "--require-hashes"];
  const wanted = ["--requirement", inProject(requirements)];
  const other = platform === undefined ? [] : ["--platform", platform];
  const pip = ["-m", "pip", "install", ...quiet, ...exact, ...wanted, ...other];
  const env = { PIP_ROOT_USER_ACTION: "ignore" };
  const described = [name, ...other.slice(1)].join(" for ");
  return fillOnce(`Fetching ${described} from PyPI`, folder, async (partial) => {
    await ensureTools("pip");
    await run("python3", [...pip, "--target", partial], { env });
  });
}
