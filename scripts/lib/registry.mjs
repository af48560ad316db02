// An npm registry on loopback (Verdaccio), to publish to and install from. It serves only what was published to it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import { listen } from "./listen.mjs";
import { npm, quietly, run } from "./process.mjs";
import { cacheDirectory } from "./project.mjs";
import { fillOnce } from "./steps.mjs";

const version = "6.10.4";
// A dependency asks for this one by a tag instead of a version.
const overrides = { "node-fetch": "2.7.0" };

async function ensureVerdaccio() {
  const folder = path.join(cacheDirectory, "programs", `verdaccio-${version}`);
  return fillOnce(`Installing Verdaccio ${version}`, folder, async (partial) => {
    mkdirSync(partial, { recursive: true });
    const manifest = { private: true, overrides };
    writeFileSync(path.join(partial, "package.json"), JSON.stringify(manifest));
    await run(...npm(["install", ...quietly, `verdaccio@${version}`]), { cwd: partial });
  });
}

/** The packages that are never taken from the upstream registry, which may have other ones of these names. */
const own = "{unstorage-dynamodb,@unstorage-dynamodb/*}";

/**
 * Decides before the registry what happens to a request. Returns true if it has answered the request itself.
 *
 * @typedef {(request: http.IncomingMessage, response: http.ServerResponse) => boolean} Intercept
 */

/**
 * @typedef {object} Registry
 * @property {string} url
 * @property {Record<string, string>} env for npm, pnpm, Yarn 1 and Bun: this registry, and an account that may publish
 * @property {() => Promise<void>} stop also removes what was published
 */

/** @param {string} url @returns {Promise<string>} the token of a new account */
async function accountAt(url) {
  const response = await fetch(`${url}-/user/org.couchdb.user:owner`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "owner", password: "on-loopback" }),
  });
  return /** @type {any} */ (await response.json()).token;
}

/**
 * @param {object} [options]
 * @param {string} [options.upstream] a registry that has the packages which were not published to this one
 * @param {Intercept} [options.intercept]
 * @returns {Promise<Registry>}
 */
export async function startRegistry({ upstream, intercept = () => false } = {}) {
  const require = createRequire(path.join(await ensureVerdaccio(), "package.json"));
  const folder = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-registry-"));
  const rights = { access: "$all", publish: "$authenticated" };
  const config = {
    configPath: path.join(folder, "config.yaml"),
    storage: path.join(folder, "storage"),
    auth: { htpasswd: { file: path.join(folder, "htpasswd"), max_users: 10 } },
    uplinks: upstream === undefined ? {} : { upstream: { url: upstream } },
    packages: { [own]: rights, "**": { ...rights, ...(upstream && { proxy: "upstream" }) } },
    publish: { allow_offline: true },
    max_body_size: "50mb",
    web: { enable: false },
    log: { type: "stdout", format: "pretty", level: "fatal" },
  };
  const verdaccio = await require("verdaccio").runServer(config);
  const server = http.createServer((request, response) => {
    if (!intercept(request, response)) verdaccio.emit("request", request, response);
  });
  const url = `${await listen(server)}/`;
  const npmrc = path.join(folder, "npmrc");
  writeFileSync(npmrc, `${url.slice("http:".length)}:_authToken=${await accountAt(url)}\n`);
  return {
    url,
    env: {
      npm_config_registry: url,
      npm_config_userconfig: npmrc,
      YARN_REGISTRY: url,
      // This registry has no advisories, and npm would ask it whether itself is up to date.
      npm_config_audit: "false",
      npm_config_update_notifier: "false",
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
