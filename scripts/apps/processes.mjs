// Programs of an app: what they print is kept and shown only when something failed, and none outlives this process.
import { spawn } from "node:child_process";
import { once } from "node:events";

import { freePort } from "../lib/port.mjs";
import { Failure } from "../lib/steps.mjs";

const buildTimeout = 300_000;
const startTimeout = 120_000;
const linesShown = 40;

// Each in a group of its own: dev servers and bundlers start processes that only the group reaches.
const hasGroups = process.platform !== "win32";

/** @type {Set<import("node:child_process").ChildProcess>} */
const alive = new Set();
process.on("exit", () => alive.forEach(kill));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => process.exit(1));
}

/** @param {import("node:child_process").ChildProcess} child */
function kill(child) {
  try {
    if (hasGroups && child.pid !== undefined) {
      process.kill(-child.pid, "SIGKILL");
    } else {
      child.kill("SIGKILL");
    }
  } catch {
    // It was gone already.
  }
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
 * @param {Options} options
 */
function begin([program = "", ...parameters], { cwd, env }) {
  const child = spawn(program, parameters, {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: hasGroups,
  });
  alive.add(child);
  const output = { text: "", stdout: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    output.text += chunk;
    output.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => (output.text += chunk));
  const exited = once(child, "close")
    .then(([code]) => /** @type {number} */ (code ?? 1))
    .catch((error) => {
      output.text += error.message;
      return 127;
    })
    .finally(() => {
      // What it started itself ends with it.
      kill(child);
      alive.delete(child);
    });
  return { child, output, exited };
}

/** @param {string} text */
const tail = (text) => text.trimEnd().split("\n").slice(-linesShown).join("\n");

/**
 * Runs to the end and gives what it printed; anything but success is a Failure with the end of its output.
 *
 * @param {string[]} command
 * @param {Options} options
 */
export async function runQuietly(command, options) {
  const { child, output, exited } = begin(command, options);
  const timer = setTimeout(() => {
    output.text += `\nstopped after ${buildTimeout / 1000} s`;
    kill(child);
  }, buildTimeout);
  const code = await exited;
  clearTimeout(timer);
  if (code !== 0) {
    throw new Failure(`\`${command.join(" ")}\` failed (exit code ${code}):\n${tail(output.text)}`);
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
  const { child, output, exited } = begin(
    command.map((word) => word.replaceAll("{port}", String(port))),
    { ...options, env: { ...options.env, ...address } },
  );
  const state = { isRunning: true };
  void exited.then(() => (state.isRunning = false));
  const server = {
    url: `http://127.0.0.1:${port}`,
    log: () => tail(output.text),
    async stop() {
      kill(child);
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
