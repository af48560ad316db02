// Real DynamoDB engines, each in memory on a free port of loopback, each ending with the process that started it.
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
 * @property {Promise<unknown>} exited settles when the engine is gone, for whatever reason
 * @property {() => Promise<void>} stop
 */

// An engine in memory takes any credentials; DynamoDB Local wants letters and digits in the id.
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

/**
 * @param {string | undefined} name
 * @returns {EngineName}
 */
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
 * @param {object} [options]
 * @param {number} [options.port] default: a free one
 * @returns {Promise<Engine>}
 */
export async function startEngine(name = "dynoxide", { port = 0 } = {}) {
  const [command, parameters] = commands[name](port);
  return { name, ...(await startServer(`The engine ${name}`, command, parameters)) };
}

/**
 * Starts a server that prints its address when it accepts connections, and ends when its stdin closes. The system closes
 * that pipe when the process that holds it dies, also when it is killed, so no server is ever left behind.
 *
 * @param {string} name for messages
 * @param {string} command
 * @param {string[]} parameters
 */
export async function startServer(name, command, parameters) {
  // Detached, so that Ctrl-C in a terminal reaches only this process, which then stops the server in its own time.
  const detached = process.platform !== "win32";
  const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "inherit"], detached });
  const exited = once(child, "exit").catch((error) => [error.message]);
  const endpoint = await firstLine(child, exited, name);
  // The server must not keep a process alive that has nothing else to do.
  child.unref();
  child.stdout.destroy();
  /** @type {any} */ (child.stdin).unref?.();
  return { endpoint, exited, stop: () => stop(child, exited) };
}

/**
 * @param {import("node:child_process").ChildProcessByStdio<any, any, null>} child
 * @param {Promise<unknown[]>} exited
 * @param {string} name
 * @returns {Promise<string>}
 */
async function firstLine(child, exited, name) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), startTimeout);
  try {
    const lines = createInterface({ input: child.stdout });
    const line = once(lines, "line", { signal: late.signal }).then(([text]) => text);
    const outcome = await Promise.race([line, exited]);
    if (typeof outcome !== "string" || !outcome.startsWith("http://")) {
      const reason =
        typeof outcome === "string" ? `it printed "${outcome}"` : `exit code ${outcome[0]}`;
      throw new Failure(`${name} did not start: ${reason}.`);
    }
    return outcome;
  } catch (error) {
    child.kill("SIGKILL");
    throw late.signal.aborted
      ? new Failure(`${name} did not start in ${startTimeout / 1000} s.`)
      : error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {import("node:child_process").ChildProcessByStdio<any, any, null>} child
 * @param {Promise<unknown>} exited
 */
async function stop(child, exited) {
  child.ref();
  child.stdin.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeout);
  await exited;
  clearTimeout(timer);
}
