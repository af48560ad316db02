// A server on a free port of loopback.
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * @param {import("node:net").Server} server
 * @returns {Promise<string>} its URL, once it listens
 */
export async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/** A port on which nothing listens, for programs that must be told one. */
export async function freePort() {
  const server = createServer();
  const { port } = new URL(await listen(server));
  server.close();
  await once(server, "close");
  return Number(port);
}
