// Programs of an app: what they print is kept, and shown only when something failed.
import { freePort } from "../../../scripts/lib/listen.mjs";
import { start } from "../../../scripts/lib/process.mjs";
import { Failure } from "../../../scripts/lib/steps.mjs";

const buildMinutes = 5;
const startTimeout = 120_000;
const linesShown = 40;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => process.exit(1));
}

/**
 * @typedef {object} Options
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env] the app's own variables
 */

/** A person's shell: nothing of npm, of this run's Node, of AWS or of the driver is in it. */
function plainEnvironment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(?!config_)|NODE_|VITEST|AWS_|UNSTORAGE_|NITRO_|NUXT_|DYNAMODB_)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    CI: "true",
    NO_COLOR: "1",
    NUXT_TELEMETRY_DISABLED: "1",
  };
}

/**
 * @param {string[]} command
 * @param {Options & { minutes?: number }} options
 */
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
 * @param {Options} options
 */
export const runInstall = (command, options) =>
  runQuietly(command, options).catch(() => runQuietly(command, options));

/**
 * A server that answers, or a Failure with the end of its output.
 *
 * @param {string[]} command with `{port}` where the port belongs; it is in `PORT` too
 * @param {Options & { path: string }} options `path`: what is asked until it is answered with 200
 */
export async function startServer(command, { path, ...options }) {
  const port = await freePort();
  const address = { PORT: String(port), HOST: "127.0.0.1" };
  const { output, exited, kill } = begin(
    command.map((word) => word.replaceAll("{port}", String(port))),
    { ...options, env: { ...options.env, ...address } },
  );
  const state = { isRunning: true };
  void exited.catch(() => {}).finally(() => (state.isRunning = false));
  const server = {
    url: `http://127.0.0.1:${port}`,
    log: () => tail(output.all),
    async stop() {
      kill();
      await exited;
    },
  };
  const deadline = Date.now() + startTimeout;
  let answer = "nothing";
  while (state.isRunning && Date.now() < deadline) {
    answer = await ask(`${server.url}${path}`).then(
      ({ status, text }) => (status === 200 ? "" : `${status}: ${text.slice(0, 500)}`),
      (error) => `${error.message} (${error.cause?.message ?? ""})`,
    );
    if (answer === "") {
      return server;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const what = state.isRunning ? "did not answer" : "ended";
  await server.stop();
  throw new Failure(`\`${command.join(" ")}\` ${what}; last answer: ${answer}\n${server.log()}`);
}

/** @param {string} url */
export async function ask(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  return { status: response.status, text: await response.text() };
}
