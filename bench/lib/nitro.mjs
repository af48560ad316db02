// A Nitro server with one cached route, built for each contestant, with load from another process.
import { cpSync, existsSync, rmSync } from "node:fs";
import path from "node:path";

import { credentials, region } from "../../scripts/lib/engine.mjs";
import { ask, failureToAnswer, freePort } from "../../scripts/lib/listen.mjs";
import { run, start } from "../../scripts/lib/process.mjs";
import { inProject } from "../../scripts/lib/project.mjs";
import { Failure, step } from "../../scripts/lib/steps.mjs";
import { createTable } from "../../scripts/lib/table.mjs";
import { alternate } from "./alternate.mjs";
import { inherited, measured, worker } from "./child.mjs";
import { countRequests } from "./counter.mjs";
import { app, nitroApp } from "./prepare.mjs";

const outputOf = (/** @type {string} */ contestant) =>
  path.join(nitroApp, `output-${contestant.replaceAll(" ", "-")}`);

/**
 * Builds a server.
 *
 * @param {string} contestant
 * @param {string} driver
 * @param {object} [options] of the driver
 */
export async function buildServer(contestant, driver, options = {}) {
  for (const name of ["unstorage-dynamodb", "@unstorage-dynamodb"]) {
    const [source, target] = [app, nitroApp].map((at) => path.join(at, "node_modules", name));
    rmSync(String(target), { recursive: true, force: true });
    if (existsSync(String(source))) {
      cpSync(String(source), String(target), { recursive: true });
    }
  }
  const cli = path.join(nitroApp, "node_modules", "nitropack", "dist", "cli", "index.mjs");
  const env = {
    BENCH_DRIVER: driver,
    BENCH_OPTIONS: JSON.stringify(options),
    BENCH_OUTPUT: outputOf(contestant),
    NODE_ENV: "production",
  };
  await step(`Building the Nitro server with the ${contestant}`, () =>
    run(process.execPath, [cli, "build"], { cwd: nitroApp, env }),
  );
}

/** Builds both servers. */
export async function buildServers() {
  await buildServer("driver", "unstorage-dynamodb");
  await buildServer("reference", inProject("bench", "reference", "driver.mjs"));
}

/**
 * @template T
 * @param {string} contestant
 * @param {{ endpoint: string, env?: NodeJS.ProcessEnv }} dynamodb
 * @param {(url: string) => Promise<T>} use
 */
export async function withServer(contestant, { endpoint, env }, use) {
  const port = await freePort();
  const program = path.join(outputOf(contestant), "server", "index.mjs");
  const { exited, kill } = start(process.execPath, [program], {
    env: {
      ...inherited,
      ...env,
      NITRO_HOST: "127.0.0.1",
      NITRO_PORT: String(port),
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stdout: "kept",
  });
  try {
    const url = `http://127.0.0.1:${port}/cached`;
    const failure = await failureToAnswer(url, exited, 10_000);
    if (failure) {
      throw new Failure(`the Nitro server with the ${contestant} ${failure}`);
    }
    return await use(url);
  } finally {
    kill();
    await exited;
  }
}

/** @type {import("./rounds.mjs").Runner} */
export async function runNitro({ load, contestants }, endpoint, plan, progress) {
  await createTable(endpoint.plain, "nitro");
  const scaled = (/** @type {number} */ count) => Math.ceil(count * plan.share);
  const work = {
    tools: path.join(nitroApp, "package.json"),
    connections: load.inFlight,
    warmUp: scaled(load.warmUp),
    count: scaled(load.count),
  };
  const outcome = await alternate(contestants, plan.rounds, progress, (contestant) =>
    withServer(contestant, endpoint, (url) =>
      measured(process.execPath, [worker("autocannon"), JSON.stringify({ ...work, url })]),
    ),
  );
  // Counts the requests of each response. A server whose cache does not work also responds, and fast; this detects it.
  await countRequests(outcome, endpoint.plain, progress, async (contestant, counted, reset) => {
    const few = 20;
    await withServer(contestant, { endpoint: counted }, async (url) => {
      reset();
      for (let turn = 0; turn < few; turn += 1) {
        await ask(url);
      }
    });
    return few;
  });
  const idle = contestants.find((name) => !(Number(outcome[name]?.requests?.median) >= 1));
  if (idle) {
    throw new Failure(`the Nitro server with the ${idle} does not read its cache`);
  }
  return outcome;
}
