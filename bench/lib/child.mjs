// Runs one measured process and reads its line of JSON.
import { runQuietly } from "../../scripts/lib/process.mjs";
import { inProject } from "../../scripts/lib/project.mjs";

/** Longer than any round takes. */
const minutes = 3;

/** The environment of measured processes: no AWS settings and no Node flags of the user's shell. */
export const inherited = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|NODE_|SSL_|npm_|NAPI_|UNSTORAGE_)/.test(name),
    ),
  ),
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/** @param {string} name */
export const worker = (name) => inProject("bench", "workers", `${name}.mjs`);

/** @param {string} command @param {string[]} parameters @param {NodeJS.ProcessEnv} [env] @returns {Promise<any>} */
export async function measured(command, parameters, env = {}) {
  const options = { env: { ...inherited, ...env }, minutes };
  return JSON.parse((await runQuietly(command, parameters, options)).stdout);
}
