// Helpers for servers on free loopback ports.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** @param {import("node:net").Server} server @returns {Promise<string>} its URL, once it is listening */
export async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/** Returns a port without a listener, for programs that cannot choose one. */
export async function freePort() {
  const server = createServer();
  const { port } = new URL(await listen(server));
  server.close();
  await once(server, "close");
  return Number(port);
}

/** @param {string} url */
export async function ask(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  return { status: response.status, text: await response.text() };
}

/**
 * Polls a program that was just started until it responds with 200.
 *
 * @param {string} url
 * @param {Promise<unknown>} exited when it ends
 * @param {number} timeout
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function failureToAnswer(url, exited, timeout) {
  const state = { isRunning: true };
  void exited.catch(() => {}).finally(() => (state.isRunning = false));
  const deadline = Date.now() + timeout;
  let answer = "nothing";
  while (state.isRunning && Date.now() < deadline) {
    answer = await ask(url).then(
      ({ status, text }) => (status === 200 ? "" : `${status}: ${text.slice(0, 500)}`),
      (error) => `${error.message} (${error.cause?.message ?? ""})`,
    );
    if (answer === "") {
      return undefined;
    }
    await wait(50);
  }
  return `${state.isRunning ? "did not answer" : "ended"}; last answer: ${answer}`;
}
