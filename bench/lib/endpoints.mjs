// The endpoints of bench/endpoints/, in processes of their own that end with this one.
import path from "node:path";

import { targetDirectory } from "../../scripts/lib/cargo.mjs";
import { startEngine, startServer } from "../../scripts/lib/engine.mjs";
import { benchCache } from "./values.mjs";

/**
 * @typedef {object} Endpoint
 * @property {string} endpoint
 * @property {NodeJS.ProcessEnv} env what a contestant needs to trust it
 * @property {() => Promise<void>} stop
 */

export const authorityFile = path.join(benchCache, "authority.pem");
/** Node's own list of authorities and ours: what a real process reads, whatever it runs on. */
export const bundleFile = path.join(benchCache, "authorities.pem");

/**
 * @param {string[]} parameters
 * @returns {Promise<Endpoint>}
 */
async function start(parameters) {
  const program = path.join(targetDirectory(), "release", "bench-endpoints");
  return { ...(await startServer("bench-endpoints", program, parameters)), env: {} };
}

/** 60,000 items of 1 KB, whose pages of 1 MB take 40 ms each: about what DynamoDB takes. */
const pages = () => start(["pages", "60000", "1024", "40"]);

/** @returns {Promise<Endpoint & { plain: string }>} */
async function tls() {
  const { readFileSync, writeFileSync } = await import("node:fs");
  const { rootCertificates } = await import("node:tls");
  const engine = await startEngine();
  const front = await start(["tls", new URL(engine.endpoint).host, authorityFile]);
  writeFileSync(bundleFile, [readFileSync(authorityFile, "utf8"), ...rootCertificates].join("\n"));
  return {
    ...front,
    plain: engine.endpoint,
    env: { SSL_CERT_FILE: bundleFile, NODE_EXTRA_CA_CERTS: authorityFile },
    async stop() {
      await front.stop();
      await engine.stop();
    },
  };
}

/**
 * @param {import("./scenarios.mjs").Scenario["endpoint"]} name
 * @returns {Promise<Endpoint & { plain?: string }>} `plain`: the same without TLS, for set-up
 */
export async function startEndpoint(name) {
  switch (name) {
    case "pages":
      return pages();
    case "tls":
      return tls();
    default:
      return { ...(await startEngine()), env: {} };
  }
}
