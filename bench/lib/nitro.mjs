// A Nitro server with one cached route, built for each contestant and loaded from another process.
import { cpSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { credentials, region } from "../../scripts/lib/engine.mjs";
import { freePort } from "../../scripts/lib/listen.mjs";
import { run, start } from "../../scripts/lib/process.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { Failure, step } from "../../scripts/lib/steps.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { alternate } from "./alternate.mjs";
import { inherited, measured } from "./child.mjs";
import { startCounter } from "./counter.mjs";
import { app, nitroApp } from "./prepare.mjs";
import { summarise } from "./stats.mjs";

/** @typedef {"driver" | "reference"} Built */

const outputOf = (/** @type {string} */ contestant) => path.join(nitroApp, `output-${contestant}`);

/** Builds both servers. */
export async function buildServers() {
  for (const name of ["unstorage-dynamodb", "@unstorage-dynamodb"]) {
    const target = path.join(nitroApp, "node_modules", name);
    rmSync(target, { recursive: true, force: true });
    if (existsSync(path.join(app, "node_modules", name))) {
      cpSync(path.join(app, "node_modules", name), target, { recursive: true });
    }
  }
  const drivers = {
    driver: "unstorage-dynamodb",
    reference: inProject("bench", "reference", "driver.mjs"),
  };
  for (const [contestant, driver] of Object.entries(drivers)) {
    const env = {
      BENCH_DRIVER: driver,
      BENCH_OUTPUT: outputOf(contestant),
      NODE_ENV: "production",
    };
    const cli = path.join(nitroApp, "node_modules", "nitropack", "dist", "cli", "index.mjs");
    await step(`Building the Nitro server with the ${contestant}`, () =>
      run(process.execPath, [cli, "build"], { cwd: nitroApp, env }),
    );
  }
}

/**
 * @param {string} contestant
 * @param {string} endpoint
 */
async function startServer(contestant, endpoint) {
  const port = await freePort();
  const program = path.join(outputOf(contestant), "server", "index.mjs");
  const { child, exited, kill } = start(process.execPath, [program], {
    env: {
      ...inherited,
      NITRO_HOST: "127.0.0.1",
      NITRO_PORT: String(port),
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stdout: "kept",
  });
  const stop = async () => {
    kill();
    await exited;
  };
  const url = `http://127.0.0.1:${port}/cached`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      await answer.text();
      return { url, stop };
    }
    if (child.exitCode !== null) {
      break;
    }
    await wait(50);
  }
  await stop();
  throw new Failure(`the Nitro server with the ${contestant} does not answer`);
}

/**
 * @param {import("./scenarios.mjs").Scenario} scenario
 * @param {import("./endpoints.mjs").Endpoint} endpoint
 * @param {import("./rounds.mjs").Plan} plan
 * @param {(text: string) => void} progress
 */
export async function runNitro({ load, contestants }, { endpoint }, plan, progress) {
  await createTable(endpoint, "nitro");
  const scaled = (/** @type {number} */ count) => Math.ceil(count * plan.share);
  const script = fileURLToPath(new URL("../workers/autocannon.mjs", import.meta.url));
  progress("counting requests");
  /** @type {Partial<Record<import("./scenarios.mjs").Contestant, number>>} */
  const requests = {};
  for (const contestant of contestants) {
    requests[contestant] = await countRequests(contestant, endpoint);
  }
  const outcome = await alternate(contestants, plan.rounds, progress, async (contestant) => {
    const server = await startServer(contestant, endpoint);
    try {
      const spec = {
        tools: path.join(nitroApp, "package.json"),
        url: server.url,
        connections: load.inFlight,
        warmUp: scaled(load.warmUp),
        count: scaled(load.count),
      };
      return await measured(process.execPath, [script, JSON.stringify(spec)]);
    } finally {
      await server.stop();
    }
  });
  for (const contestant of contestants) {
    Object.assign(outcome[contestant] ?? {}, {
      requests: summarise([requests[contestant] ?? Number.NaN]),
    });
  }
  return outcome;
}

/**
 * Requests to DynamoDB for each answer of the server. A server whose cache does not work answers too, and fast: it is
 * found here.
 *
 * @param {string} contestant
 * @param {string} endpoint
 */
async function countRequests(contestant, endpoint) {
  const counter = await startCounter(endpoint);
  const server = await startServer(contestant, counter.endpoint);
  try {
    const few = 20;
    counter.take();
    for (let turn = 0; turn < few; turn += 1) {
      await (await fetch(server.url)).text();
    }
    const requests = counter.take() / few;
    if (requests < 1) {
      throw new Failure(`the Nitro server with the ${contestant} does not read its cache`);
    }
    return requests;
  } finally {
    await server.stop();
    counter.stop();
  }
}
