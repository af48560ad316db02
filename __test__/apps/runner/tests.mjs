// Test runners, each of which gives a test file an environment of its own.
import { same } from "./checks.mjs";
import { runQuietly } from "./processes.mjs";
import { startProduction } from "./production.mjs";

/** @param {import("./run.mjs").Running} running */
export async function checkTests({ folder, command, table, cell }) {
  const production = await startProduction();
  const env = { ...production.env, LOCAL: JSON.stringify(table.env) };
  try {
    await cell("answers", () => runQuietly(command, { cwd: folder, env }));
    await cell("environment", production.check);
    await cell("keys", async () => {
      const keys = (await table.rows()).map(({ key }) => key);
      same(keys.sort(), ["replaced:k", "set:k"], "what was stored");
    });
  } finally {
    production.stop();
  }
}
