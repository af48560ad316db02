// Starts real DynamoDB engines, each in memory on a free loopback port. They end with the process that started them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

import { enginePath } from "./cargo.mjs";
import { dynamodbLocalCommand } from "./dynamodb-local.mjs";
import { Failure } from "./steps.mjs";

/** @typedef {"dynoxide" | "dynamodb-local"} EngineName */

/**
 * @typedef {object} Engine
 * @property {EngineName} name
 * @property {string} endpoint
 * @property {Promise<unknown>} exited settles when the engine has exited for any reason
 * @property {() => Promise<void>} stop
 */

// dynoxide accepts any credentials; DynamoDB Local requires letters and digits in the ID.
export const credentials = { accessKeyId: "LOCAL", secretAccessKey: "local" };
export const region = "us-east-1";

const startTimeout = 30_000;
const stopTimeout = 5000;

/** @type {Record<EngineName, (port: number) => [string, string[]]>} */
const commands = {
  dynoxide(port) {
    const program = enginePath();
    if (!existsSync(program)) {
      throw new Failure("The DynamoDB engine is not built: run `npm run setup`.");
    }
    return [program, ["--exit-with-stdin", "--port", String(port)]];
  },
  "dynamodb-local": dynamodbLocalCommand,
};

/** @param {string | undefined} name @returns {EngineName} */
export function engineName(name = "dynoxide") {
  if (name in commands) {
    return /** @type {EngineName} */ (name);
  }
  throw new Failure(`There is no engine "${name}": ${Object.keys(commands).join(", ")}.`);
}

/**
 * Starts an engine and waits until it accepts connections.
 *
 * @param {EngineName} [name]
 * @param {{ port?: number }} [options] default: a free port
 * @returns {Promise<Engine>}
 */
export async function startEngine(name = "dynoxide", { port = 0 } = {}) {
  return { name, ...(await startServer(`The engine ${name}`, ...commands[name](port))) };
}

/**
 * Starts a server that prints its address when it accepts connections, and ends when its stdin closes. The system
 * closes that pipe when this process ends, even if it is killed, so no server is left behind.
 *
 * @param {string} name for messages
 * @param {string} command
 * @param {string[]} parameters
 */
export async function startServer(name, command, parameters) {
  // Detached, so that Ctrl-C in a terminal reaches only this process, which then stops the server.
  const detached = process.platform !== "win32";
  const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "inherit"], detached });
  const exited = once(child, "exit").catch((error) => [error.message]);
  const signal = AbortSignal.timeout(startTimeout);
  const printed = once(createInterface({ input: child.stdout }), "line", { signal });
  const [first] = await Promise.race([printed, exited]).catch(() => ["nothing in time"]);
  if (!/^https?:/.test(String(first))) {
    child.kill("SIGKILL");
    throw new Failure(`${name} did not start: it printed or ended with "${first}".`);
  }
  // The server must not keep this process alive.
  child.unref();
  child.stdout.destroy();
  /** @type {any} */ (child.stdin).unref?.();
  async function stop() {
    child.ref();
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeout);
    await exited;
    clearTimeout(timer);
  }
  return { endpoint: /** @type {string} */ (first), exited, stop };
}
