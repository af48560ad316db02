// Builds and checks one app. Each check is a cell of its row.
import { randomUUID } from "node:crypto";
import path from "node:path";

import { inProject } from "../../../scripts/lib/project.mjs";
import { messageOf } from "../../../scripts/lib/steps.mjs";
import { checkSecrets } from "./checks.mjs";
import { runProgram } from "./processes.mjs";
import { npmCommand, programCommand } from "./programs.mjs";
import { checkExample, checkGuide, checkScript, checkTests } from "./scripts.mjs";
import { checkServer } from "./servers.mjs";
import { programOf } from "./workspace.mjs";

/** @typedef {import("./list.mjs").App} App */
/**
 * @typedef {{ app: string, cells: Record<string, string>, seconds: number }} Row `""` for a passed check, or the reason
 * for the failure
 */

const lambdaServer = inProject("__test__", "apps", "lambda-server.mjs");

/**
 * @typedef {object} Running the app that is being checked
 * @property {App} app
 * @property {string} folder in which it runs
 * @property {string[]} command
 * @property {import("./table.mjs").Table} table
 * @property {(column: string, check: () => unknown) => Promise<boolean>} cell
 */

const checksOf = {
  server: checkServer,
  dev: checkServer,
  script: checkScript,
  tests: checkTests,
  guide: checkGuide,
  example: checkExample,
};

/** @param {App} app @param {string} folder */
async function buildCommand({ program, builder = program, build = "" }, folder) {
  const [name = "", ...parameters] = build.split(" ");
  if (name === "npm") {
    return npmCommand(...parameters);
  }
  // Bundlers run on Node.
  const command =
    name === "bun"
      ? await programCommand(name, false)
      : [...(await programCommand(builder, false)), programOf(folder, name)];
  return [...command, ...parameters];
}

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
      cells[column] = messageOf(error);
    }
    return cells[column] === "";
  }

  const secret = randomUUID();
  let folder = "";
  /** @type {string[]} */
  let program = [];
  const isBuilt = await cell("build", async () => {
    program = await programCommand(app.program, app.kind !== "script");
    folder = await workspace.install(app.install);
    workspace.fill(folder, app);
    if (app.build) {
      const env = { AWS_SECRET_ACCESS_KEY: secret };
      await runProgram(await buildCommand(app, folder), { cwd: folder, env });
    }
    if (app.packagesInOutput && app.output) {
      await workspace.addPackage(path.join(folder, app.output));
    }
  });
  if (isBuilt) {
    const moved = app.output === undefined ? undefined : workspace.move(folder, app.output);
    const place = moved?.folder ?? folder;
    try {
      if (moved !== undefined) {
        await cell("no secrets", () => checkSecrets(place, secret));
      }
      const [first = "", ...rest] = app.start.split(" ");
      const isPackage = ["dev", "tests", "guide"].includes(app.kind);
      const script = isPackage ? programOf(place, first) : path.join(place, first);
      const command = [...program, ...(app.lambda ? [lambdaServer] : []), script, ...rest];
      await checksOf[app.kind]({ app, folder: place, command, table, cell });
    } finally {
      moved?.back();
    }
  }
  return { app: app.name, cells, seconds: (performance.now() - start) / 1000 };
}
