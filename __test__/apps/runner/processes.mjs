// Runs the programs of an app. Their output is shown only after a failure.
import { failureToAnswer, freePort } from "../../../scripts/lib/listen.mjs";
import { runQuietly, start, tail } from "../../../scripts/lib/process.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";

const buildMinutes = 5;
const startTimeout = 120_000;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => process.exit(1));
}

/** @typedef {{ cwd: string, env?: NodeJS.ProcessEnv }} Options `env`: the app's own variables */

/** The environment of a user's shell, without variables of npm, this Node, AWS or the driver. */
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

/** @param {Options} options */
const optionsOf = ({ cwd, env }) => ({
  cwd,
  env: { ...plainEnvironment(), ...env },
  // Dev servers and bundlers start child processes.
  group: true,
});

/** Runs a command and returns its output. @param {string[]} command @param {Options} options */
export const runProgram = ([program = "", ...parameters], options) =>
  runQuietly(program, parameters, { ...optionsOf(options), minutes: buildMinutes });

/**
 * Runs an install. It is repeated after a failure, because a registry that stalls is not a failure of the app.
 *
 * @param {string[]} command
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env]
 */
export const runInstall = (command, cwd, env) =>
  runProgram(command, { cwd, env }).catch(() => runProgram(command, { cwd, env }));

/**
 * Starts a server and waits until it responds. A Failure contains the end of its output.
 *
 * @param {string[]} command with `{port}` as a placeholder for the port; it is also in `PORT`
 * @param {Options & { path: string }} options `path`: is polled until it responds with 200
 */
export async function startServer(command, { path, cwd, env }) {
  const port = String(await freePort());
  const [program = "", ...parameters] = command.map((word) => word.replaceAll("{port}", port));
  const { output, exited, kill } = start(program, parameters, {
    ...optionsOf({ cwd, env: { ...env, PORT: port, HOST: "127.0.0.1" } }),
    stdout: "kept",
    stderr: "kept",
  });
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
