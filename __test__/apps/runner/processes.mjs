// Programs of an app: what they print is kept, and shown only when something failed.
import { failureToAnswer, freePort } from "../../../scripts/lib/listen.mjs";
import { start } from "../../../scripts/lib/process.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";

const buildMinutes = 5;
const startTimeout = 120_000;
const linesShown = 40;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => process.exit(1));
}

/** @typedef {{ cwd: string, env?: NodeJS.ProcessEnv }} Options `env`: the app's own variables */

/** A person's shell: nothing of npm, of this run's Node, of AWS or of the driver is in it. */
const plainEnvironment = () => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_(?!config_)|NODE_|VITEST|AWS_|UNSTORAGE_|NITRO_|NUXT_|DYNAMODB_)/.test(name),
    ),
  ),
  CI: "true",
  NO_COLOR: "1",
  NUXT_TELEMETRY_DISABLED: "1",
});

/** @param {string[]} command @param {Options & { minutes?: number }} options */
const begin = ([program = "", ...parameters], { cwd, env, minutes }) =>
  start(program, parameters, {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdout: "kept",
    stderr: "kept",
    minutes,
    // Dev servers and bundlers start processes of their own.
    group: true,
  });

/** @param {string} text */
const tail = (text) => text.trimEnd().split("\n").slice(-linesShown).join("\n");

/**
 * Runs to the end and gives what it printed; anything but success is a Failure with the end of its output.
 *
 * @param {string[]} command
 * @param {Options} options
 */
export async function runQuietly(command, options) {
  const { output, exited } = begin(command, { ...options, minutes: buildMinutes });
  const code = await exited;
  if (code !== 0) {
    const reason = output.isLate ? `stopped after ${buildMinutes} min` : `exit code ${code}`;
    throw new Failure(`\`${command.join(" ")}\` failed (${reason}):\n${tail(output.all)}`);
  }
  return output;
}

/**
 * An install. It may be repeated, and is: a registry that stalls says nothing about the app.
 *
 * @param {string[]} command
 * @param {string} cwd
 */
export const runInstall = (command, cwd) =>
  runQuietly(command, { cwd }).catch(() => runQuietly(command, { cwd }));

/**
 * A server that answers, or a Failure with the end of its output.
 *
 * @param {string[]} command with `{port}` where the port belongs; it is in `PORT` too
 * @param {Options & { path: string }} options `path`: what is asked until it is answered with 200
 */
export async function startServer(command, { path, cwd, env }) {
  const port = String(await freePort());
  const { output, exited, kill } = begin(
    command.map((word) => word.replaceAll("{port}", port)),
    { cwd, env: { ...env, PORT: port, HOST: "127.0.0.1" } },
  );
  const server = {
    url: `http://127.0.0.1:${port}`,
    log: () => tail(output.all),
    async stop() {
      kill();
      await exited;
    },
  };
  const failure = await failureToAnswer(`${server.url}${path}`, exited, startTimeout);
  if (failure) {
    await server.stop();
    throw new Failure(`\`${command.join(" ")}\` ${failure}\n${server.log()}`);
  }
  return server;
}
