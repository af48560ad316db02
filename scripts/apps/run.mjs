// One app, from its sources to its answers: each check is a cell of its row.
import { randomUUID } from "node:crypto";
import path from "node:path";

import { inProject } from "../lib/project.mjs";
import { Failure } from "../lib/steps.mjs";
import * as checks from "./checks.mjs";
import { runQuietly, startServer } from "./processes.mjs";
import { programFile } from "./programs.mjs";
import { checkScript } from "./scripts.mjs";
import { breakAddon, programOf } from "./workspace.mjs";

/** @typedef {import("./list.mjs").App} App */
/** @typedef {{ app: string, cells: Record<string, string>, seconds: number }} Row `""`: passed, else why not */

export const columns = ["build", "answers", "cached", "ttl", "keys", "restarted", "broken", "no secrets"];

const lambdaServer = inProject("__test__", "apps", "lambda-server.mjs");

/**
 * @typedef {object} Running what the checks of an app work on
 * @property {App} app
 * @property {string} folder where it runs
 * @property {string[]} command
 * @property {import("./table.mjs").Table} table
 * @property {(column: string, check: () => unknown) => Promise<boolean>} cell
 */

/**
 * @param {App} app
 * @param {import("./workspace.mjs").Workspace} workspace
 * @param {import("./table.mjs").Table} table
 * @returns {Promise<Row>}
 */
export async function runApp(app, workspace, table) {
  const start = performance.now();
  /** @type {Record<string, string>} */
  const cells = {};

  /** @param {string} column @param {() => unknown} check */
  async function cell(column, check) {
    try {
      await check();
      cells[column] = "";
    } catch (error) {
      cells[column] = error instanceof Failure ? error.message : String(error?.stack ?? error);
    }
    return cells[column] === "";
  }

  const secret = randomUUID();
  let folder = "";
  let program = "";
  const isBuilt = await cell("build", async () => {
    program = await programFile(app.program);
    folder = await workspace.install(app.install);
    workspace.fill(folder, app.sources);
    for (const [name = "", ...parameters] of app.build ?? []) {
      const env = { AWS_SECRET_ACCESS_KEY: secret };
      await runQuietly([program, programOf(folder, name), ...parameters], { cwd: folder, env });
    }
  });
  if (isBuilt) {
    const moved = app.output === undefined ? undefined : workspace.move(folder, app.output);
    const place = moved?.folder ?? folder;
    try {
      if (moved !== undefined) {
        await cell("no secrets", () => checks.checkSecrets(place, secret));
      }
      const command = commandOf(app, program, place);
      const check = app.kind === "script" ? checkScript : checkServer;
      await check({ app, folder: place, command, table, cell });
    } finally {
      moved?.back();
    }
  }
  return { app: app.name, cells, seconds: (performance.now() - start) / 1000 };
}

/** @param {App} app @param {string} program @param {string} folder */
function commandOf({ kind, start, lambda }, program, folder) {
  const [first = "", ...rest] = start;
  const script = kind === "dev" ? programOf(folder, first) : path.join(folder, first);
  return lambda ? [program, lambdaServer, script, ...rest] : [program, script, ...rest];
}

/** @param {Running} running */
async function checkServer({ folder, command, table, cell }) {
  const options = { cwd: folder, env: table.env, path: checks.firstPath };
  /** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
  let server;

  /** A cell whose failure tells what the server said. @param {string} column @param {(url: string) => unknown} check */
  const asked = (column, check) =>
    cell(column, async () => {
      try {
        await check(server?.url ?? "");
      } catch (error) {
        throw new Failure(`${error.message}\n${server?.log() ?? ""}`);
      }
    });

  try {
    if (!(await cell("answers", async () => void (server = await startServer(command, options))))) {
      return;
    }
    await asked("cached", (url) => checks.checkCached(url, table));
    await asked("ttl", (url) => checks.checkTtls(url, table));
    await asked("keys", (url) => checks.checkKeys(url, table));
    await server?.stop();
    await asked("restarted", async () => {
      server = await startServer(command, options);
      await checks.checkRestarted(server.url, table);
    });
    await server?.stop();
    const mend = breakAddon(folder);
    try {
      await asked("broken", async () => {
        server = await startServer(command, options);
        await checks.checkBroken(server.url);
      });
    } finally {
      mend();
    }
  } finally {
    await server?.stop();
  }
}
