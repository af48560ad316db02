// Checks apps that serve HTTP.
import { writeFileSync } from "node:fs";
import path from "node:path";

import { Failure } from "../../../scripts/lib/steps.mjs";
import { checkPage } from "./browser.mjs";
import * as checks from "./checks.mjs";
import { routes } from "./contracts.mjs";
import { startServer } from "./processes.mjs";
import { startProduction } from "./production.mjs";
import { withBrokenAddon } from "./workspace.mjs";

/** @param {import("./run.mjs").Running} running */
export async function checkServer({ app, folder, command, table, cell }) {
  const contract = app.contract ?? routes;
  const production = app.dotenv ? await startProduction() : undefined;
  const env = production ? withDotenv(folder, table.env, production.env) : table.env;
  const options = { cwd: folder, env, path: contract.path("Oslo") };
  /** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
  let server;

  /**
   * Adds a cell whose failure includes the output of the server.
   *
   * @param {string} column
   * @param {(url: string) => unknown} check
   */
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
    if (app.browser) {
      await asked("browser", (url) => checkPage(url, table, app.screenshot));
    }
    await asked("cached", (url) => checks.checkCached(url, contract, table));
    await asked("ttl", (url) => checks.checkTtls(url, contract, table));
    if (contract.hasSessions) {
      await asked("keys", (url) => checks.checkKeys(url, table));
    }
    if (app.kind === "server" && app.sources.includes("__test__/apps/server2")) {
      await asked("purged", (url) => checks.checkPurged(url, table));
      if (app.sources.includes("__test__/apps/nuxt4")) {
        await asked("payload", (url) => checks.checkPurgedPayload(url, table));
      }
    }
    await server?.stop();
    await asked("restarted", async () => {
      server = await startServer(command, options);
      await checks.checkRestarted(server.url, contract, table);
    });
    await server?.stop();
    await withBrokenAddon(folder, async () => {
      await asked("broken", async () => {
        server = await startServer(command, options);
        await checks.checkBroken(server.url, contract);
        if (app.browser) {
          await checks.checkBrokenPage(server.url);
        }
      });
      await server?.stop();
    });
    if (production) {
      await cell("environment", production.check);
    }
  } finally {
    await server?.stop();
    production?.stop();
  }
}

/**
 * Writes the `.env` file and returns the variables of the process, which would override those of the same name.
 *
 * @param {string} folder
 * @param {Record<string, string>} own
 * @param {Record<string, string>} others
 */
function withDotenv(folder, own, others) {
  const lines = Object.entries(own).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path.join(folder, ".env"), lines.join(""));
  return Object.fromEntries(Object.entries(others).filter(([name]) => !(name in own)));
}
