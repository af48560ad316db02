// Programs of an app: what they print is kept, and shown only when something failed.
import { failureToAnswer, freePort } from "../../../scripts/lib/listen.mjs";
import { runQuietly, start, tail } from "../../../scripts/lib/process.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";

const buildMinutes = 5;
const startTimeout = 120_000;

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

/** @param {Options} options */
const optionsOf = ({ cwd, env }) => ({
  cwd,
  env: { ...plainEnvironment(), ...env },
  // Dev servers and bundlers start processes of their own.
  group: true,
});

/** Runs to the end and gives what it printed. @param {string[]} command @param {Options} options */
export const runProgram = ([program = "", ...parameters], options) =>
  runQuietly(program, parameters, { ...optionsOf(options), minutes: buildMinutes });

/**
 * An install. It may be repeated, and is: a registry that stalls says nothing about the app.
 *
 * @param {string[]} command
 * @param {string} cwd
 */
export const runInstall = (command, cwd) =>
  runProgram(command, { cwd }).catch(() => runProgram(command, { cwd }));

/**
 * A server that answers, or a Failure with the end of its output.
 *
 * @param {string[]} command with `{port}` where the port belongs; it is in `PORT` too
 * @param {Options & { path: string }} options `path`: what is asked until it is answered with 200
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
