// Checks programs that end by themselves. Their output is compared with the rows of their table.
import { same } from "./checks.mjs";
import { runProgram } from "./processes.mjs";
import { startProduction } from "./production.mjs";
import { checkTtl } from "./table.mjs";
import { withBrokenAddon } from "./workspace.mjs";

/** `__test__/apps/plain`, on each runtime. @param {import("./run.mjs").Running} running */
export async function checkScript({ app, folder, command, table, cell }) {
  async function story() {
    const { all: text, stdout } = await runProgram(command, { cwd: folder, env: table.env });
    // A warning on stderr would be shown to every user.
    same(text, stdout, "printed, with stderr");
    return JSON.parse(stdout);
  }

  const isRunning = await cell("answers", async () => {
    const { keys: _keys, ttl: _ttl, ...found } = await story();
    const stored = { before: null, value: "seen", raw: [0, 255] };
    const methods = { many: 60, removed: true, aborted: "ERR_DYNAMODB_ABORTED", left: [] };
    same(found, { ...stored, ...methods }, "the first run");
  });
  if (!isRunning) {
    return;
  }
  await cell("ttl", async () => checkTtl(await table.row(/^plain:visits:ada$/), 120));
  await cell("restarted", async () =>
    same((await story()).before, "seen", "what the first run left"),
  );
  await cell("keys", async () => same((await story()).keys, ["visits:ada", "visits:raw"], "keys"));
  if (!app.renamesAddon) {
    const broken = async () =>
      same((await story()).code, "ERR_DYNAMODB_BINDING", "the error of a broken addon");
    await withBrokenAddon(folder, () => cell("broken", broken));
  }
}

/** `examples/node`, whose output is text. @param {import("./run.mjs").Running} running */
export async function checkExample({ folder, command, table, cell }) {
  const rounds = async () => {
    const { all: text } = await runProgram(command, { cwd: folder, env: table.env });
    const found = [...text.matchAll(/^round \d: 6078 from (.+), \d+ ms$/gm)].map(
      ([, from]) => from,
    );
    return [...found, /^keys: \[ 'year:2026' \]\n\d+ bytes, \d+ s left$/m.test(text)];
  };
  await cell("answers", async () =>
    same(await rounds(), ["a computation", "the table", true], "the rounds"),
  );
  await cell("ttl", async () => checkTtl(await table.row(/^reports:year:2026$/), 900));
  await cell("restarted", async () =>
    same(await rounds(), ["the table", "the table", true], "the rounds of a second run"),
  );
}

/** Test runners, which give each test file a separate environment. @param {import("./run.mjs").Running} running */
export async function checkTests({ folder, command, table, cell }) {
  const production = await startProduction();
  const env = { ...production.env, LOCAL: JSON.stringify(table.env) };
  try {
    await cell("answers", () => runProgram(command, { cwd: folder, env }));
    await cell("environment", production.check);
    await cell("keys", async () => {
      const keys = (await table.rows()).map(({ key }) => key);
      same(keys.sort(), ["replaced:k", "set:k"], "what was stored");
    });
  } finally {
    production.stop();
  }
}

/** Tests that start an engine themselves. @param {import("./run.mjs").Running} running */
export async function checkGuide({ folder, command, cell }) {
  await cell("passes", async () => {
    const { all } = await runProgram(command, { cwd: folder });
    same(/open handle/i.test(all), false, `open handles are left:\n${all}\n`);
  });
}
