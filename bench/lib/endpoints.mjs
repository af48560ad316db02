// Starts the endpoints of bench/endpoints/ as child processes.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rootCertificates } from "node:tls";

import { targetDirectory } from "../../scripts/lib/cargo.mjs";
import { startEngine, startServer } from "../../scripts/lib/engine.mjs";
import { benchCache } from "./values.mjs";

/**
 * @typedef {object} Endpoint
 * @property {string} endpoint
 * @property {string} plain the same without TLS, for set-up
 * @property {NodeJS.ProcessEnv} [env] makes a contestant trust it
 * @property {() => Promise<unknown>} stop
 */

const authorityFile = path.join(benchCache, "authority.pem");
/**
 * Node's list of authorities and the benchmark's own, so that contestants load as many certificates as a real process.
 */
const bundleFile = path.join(benchCache, "authorities.pem");

/** @param {...string} parameters */
const start = (...parameters) =>
  startServer(
    "bench-endpoints",
    path.join(targetDirectory(), "release", "bench-endpoints"),
    parameters,
  );

/** @param {import("./scenarios.mjs").Scenario["endpoint"]} name @returns {Promise<Endpoint>} */
export async function startEndpoint(name) {
  if (name === "pages") {
    // 60,000 items of 1 KB. A page of 1 MB takes 40 ms, about as long as DynamoDB takes.
    const pages = await start("pages", "60000", "1024", "40");
    return { ...pages, plain: pages.endpoint };
  }
  const engine = await startEngine();
  const plain = engine.endpoint;
  if (name === "dynoxide") {
    return { ...engine, plain };
  }
  const front = await start("tls", new URL(plain).host, authorityFile);
  writeFileSync(bundleFile, [readFileSync(authorityFile, "utf8"), ...rootCertificates].join("\n"));
  return {
    endpoint: front.endpoint,
    plain,
    env: { SSL_CERT_FILE: bundleFile, NODE_EXTRA_CA_CERTS: authorityFile },
    stop: () => Promise.all([front.stop(), engine.stop()]),
  };
}
