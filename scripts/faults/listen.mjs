// A server on a free port of loopback.
import { once } from "node:events";

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
