// One app, from its sources to its answers: each check is a cell of its row.
import { randomUUID } from "node:crypto";
import path from "node:path";

import { npm } from "../../../scripts/lib/process.mjs";
import { inProject } from "../../../scripts/lib/project.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";
import { checkSecrets } from "./checks.mjs";
import { runQuietly } from "./processes.mjs";
import { flat, programCommand } from "./programs.mjs";
import { checkExample, checkScript } from "./scripts.mjs";
import { checkServer } from "./servers.mjs";
import { checkTests } from "./tests.mjs";
import { programOf } from "./workspace.mjs";

/** @typedef {import("./list.mjs").App} App */
/** @typedef {{ app: string, cells: Record<string, string>, seconds: number }} Row `""`: passed, else why not */

const lambdaServer = inProject("__test__", "apps", "lambda-server.mjs");

/**
 * @typedef {object} Running what the checks of an app work on
 * @property {App} app
 * @property {string} folder where it runs
 * @property {string[]} command
 * @property {import("./table.mjs").Table} table
 * @property {(column: string, check: () => unknown) => Promise<boolean>} cell
 */

const checksOf = {
  server: checkServer,
  dev: checkServer,
  script: checkScript,
  tests: checkTests,
  example: checkExample,
};

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
  /** @type {string[]} */
  let program = [];
  const isBuilt = await cell("build", async () => {
    program = await programCommand(app.program, app.kind !== "script");
    // Bundlers are programs for Node.
    const builder = await programCommand(app.builder ?? app.program, false);
    folder = await workspace.install(app.install);
    workspace.fill(folder, app);
    const builderOf = async (/** @type {string} */ name, /** @type {string[]} */ parameters) => {
      if (name === "npm") {
        return flat(npm(parameters));
      }
      const command =
        name === "bun" ? await programCommand(name, false) : [...builder, programOf(folder, name)];
      return [...command, ...parameters];
    };
    for (const [name = "", ...parameters] of app.build ?? []) {
      const env = { AWS_SECRET_ACCESS_KEY: secret };
      await runQuietly(await builderOf(name, parameters), { cwd: folder, env });
    }
    if (app.packagesInOutput && app.output) {
      await workspace.addPackages(path.join(folder, app.output));
    }
  });
  if (isBuilt) {
    const moved = app.output === undefined ? undefined : workspace.move(folder, app.output);
    const place = moved?.folder ?? folder;
    try {
      if (moved !== undefined) {
        await cell("no secrets", () => checkSecrets(place, secret));
      }
      const command = commandOf(app, program, place);
      await checksOf[app.kind]({ app, folder: place, command, table, cell });
    } finally {
      moved?.back();
    }
  }
  return { app: app.name, cells, seconds: (performance.now() - start) / 1000 };
}

/** @param {App} app @param {string[]} program @param {string} folder */
function commandOf({ kind, start, lambda }, program, folder) {
  const [first = "", ...rest] = start;
  const script =
    kind === "dev" || kind === "tests" ? programOf(folder, first) : path.join(folder, first);
  return lambda ? [...program, lambdaServer, script, ...rest] : [...program, script, ...rest];
}
