// A TCP proxy that delays connections, cuts them after some bytes, or keeps them silent. It does not parse HTTP, so it
// fails like a network.
import { once } from "node:events";
import { connect, createServer } from "node:net";

import { listen } from "../../../scripts/lib/listen.mjs";

/** @typedef {import("node:net").Socket} Socket */

/**
 * How a connection fails. Cuts are counted in bytes, so they may occur anywhere.
 *
 * @typedef {object} Fate
 * @property {number} [latency] the delay of each chunk in both directions, in milliseconds
 * @property {number} [requestBytes] bytes of the client that pass before the end
 * @property {number} [responseBytes] bytes for the client that pass before the end
 * @property {"reset" | "close" | "silence"} [end] default: reset
 */

export class ChaosProxy {
  /** The URL, after the start. */
  endpoint = "";
  /** Connections so far, open connections, and connections that this proxy ended. */
  connections = 0;
  open = 0;
  faults = 0;
  /** Bytes transferred in both directions, and a function that is called with them after each chunk. */
  bytes = 0;
  /** @type {(bytes: number) => void} */
  onBytes = () => {};
  #upstream;
  #server = createServer((client) => this.#serve(client));
  /** @type {Set<Socket>} */
  #sockets = new Set();

  /**
   * @param {string} upstream an `http:` URL
   * @param {(nth: number) => Fate} [fates] called for each connection, counted from 1
   */
  constructor(upstream, fates = () => ({})) {
    this.#upstream = new URL(upstream);
    this.fates = fates;
  }

  async start() {
    this.endpoint = await listen(this.#server);
    return this;
  }

  async stop() {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#sockets.forEach(reset);
    await closed;
  }

  /** @param {Socket} client */
  #serve(client) {
    this.connections += 1;
    this.open += 1;
    client.on("close", () => (this.open -= 1));
    const fate = this.fates(this.connections);
    const { latency = 0, requestBytes = Infinity, responseBytes = Infinity } = fate;
    const server = connect(Number(this.#upstream.port), this.#upstream.hostname);
    const pair = [client, server];
    const end = () => {
      this.faults += 1;
      if (fate.end === "silence") {
        pair.forEach((socket) => socket.removeAllListeners("data").pause());
      } else if (fate.end === "close") {
        client.end();
        server.destroy();
      } else {
        pair.forEach(reset);
      }
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // An error on one side ends both. The reason does not matter.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        pair.forEach((other) => other.destroy());
      });
      socket.on("data", ({ length }) => this.onBytes((this.bytes += length)));
    }
    pump(client, server, latency, requestBytes, end);
    pump(server, client, latency, responseBytes, end);
    client.on("end", () => server.end());
    server.on("end", () => setTimeout(() => client.end(), latency));
    if (requestBytes === 0 || responseBytes === 0) {
      end();
    }
  }
}

/**
 * Resets the connection, or closes it if it is already ending. (Node 20 leaks a socket that is reset during shutdown,
 * and the process never ends.)
 *
 * @param {Socket} socket
 */
const reset = (socket) => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

/**
 * Forwards bytes until `left` have passed, then calls `end`.
 *
 * @param {Socket} from
 * @param {Socket} to
 * @param {number} latency
 * @param {number} left
 * @param {() => void} end
 */
function pump(from, to, latency, left, end) {
  from.on("data", (chunk) => {
    const part = chunk.subarray(0, Math.max(0, Math.min(left, chunk.length)));
    left -= chunk.length;
    const isLast = left <= 0;
    const pass = () => {
      // Waits until the chunk has been passed to the system, because a reset would overtake it.
      if (!to.destroyed) to.write(part, () => isLast && !from.destroyed && end());
    };
    // Timers with equal delays fire in order.
    if (latency > 0) setTimeout(pass, latency);
    else pass();
    if (isLast) from.removeAllListeners("data");
  });
}
