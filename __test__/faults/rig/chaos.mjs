// A TCP proxy that treats connections badly: late, cut after so many bytes, silent, slow to close. It knows nothing of
// HTTP, so what breaks is what a network breaks.
import { once } from "node:events";
import { connect, createServer } from "node:net";

import { listen } from "../../../scripts/lib/listen.mjs";

/**
 * What happens to a connection. A cut is by bytes that have passed, so it may fall anywhere.
 *
 * @typedef {object} Fate
 * @property {number} [latency] milliseconds that every piece is late, in both directions
 * @property {number} [requestBytes] bytes of the client that pass before the end
 * @property {number} [responseBytes] bytes for the client that pass before the end
 * @property {"reset" | "close" | "silence"} [end] default: reset
 * @property {number} [slowClose] milliseconds between the server's close and the client seeing it
 */

/** @typedef {(nth: number) => Fate} Fates */

export class ChaosProxy {
  /** Its URL, once it has started. */
  endpoint = "";
  /** Connections so far, those now open, and ends that came by a fate and not by themselves. */
  connections = 0;
  open = 0;
  faults = 0;
  /** Bytes that have passed, in both directions, and who is told of each piece. */
  bytes = 0;
  /** @type {(bytes: number) => void} */
  onBytes = () => {};
  #upstream;
  /** @type {Fates} */
  #fates;
  #server = createServer((client) => this.#serve(client));
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();

  /**
   * @param {string} upstream an `http:` URL
   * @param {Fates} [fates] asked for each connection, counted from 1
   */
  constructor(upstream, fates = () => ({})) {
    this.#upstream = new URL(upstream);
    this.#fates = fates;
  }

  async start() {
    this.endpoint = await listen(this.#server);
    return this;
  }

  /** @param {Fates} fates for the connections to come */
  set fates(fates) {
    this.#fates = fates;
  }

  /** Cuts every connection that is open. @returns {number} how many */
  resetAll() {
    const count = this.open;
    for (const socket of this.#sockets) {
      reset(socket);
    }
    return count;
  }

  async stop() {
    this.#server.close();
    this.resetAll();
    if (this.#server.listening) {
      await once(this.#server, "close");
    }
  }

  /** @param {import("node:net").Socket} client */
  #serve(client) {
    this.connections += 1;
    this.open += 1;
    const fate = this.#fates(this.connections);
    const server = connect(Number(this.#upstream.port), this.#upstream.hostname);
    const pair = [client, server];
    for (const socket of pair) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // Broken on one side is broken on both; the cause is no news here.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        pair.forEach((other) => other.destroy());
      });
    }
    client.on("close", () => (this.open -= 1));
    const end = () => this.#end(client, server, fate);
    for (const socket of pair) {
      socket.on("data", ({ length }) => this.onBytes((this.bytes += length)));
    }
    pump(client, server, { late: fate.latency, limit: fate.requestBytes, end });
    pump(server, client, { late: fate.latency, limit: fate.responseBytes, end });
    client.on("end", () => server.end());
    server.on("end", () => setTimeout(() => client.end(), fate.slowClose ?? fate.latency ?? 0));
    if (fate.requestBytes === 0 || fate.responseBytes === 0) {
      end();
    }
  }

  /**
   * @param {import("node:net").Socket} client
   * @param {import("node:net").Socket} server
   * @param {Fate} fate
   */
  #end(client, server, { end = "reset" }) {
    this.faults += 1;
    if (end === "silence") {
      [client, server].forEach((socket) => socket.removeAllListeners("data").pause());
    } else if (end === "close") {
      client.end();
      server.destroy();
    } else {
      reset(client);
      reset(server);
    }
  }
}

/**
 * Resets the connection; closes it where its end is under way. (Node 20 loses a socket that is reset while it shuts down:
 * its descriptor stays, and the process never ends.)
 *
 * @param {import("node:net").Socket} socket
 */
function reset(socket) {
  if (socket.writableEnded) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}

/**
 * Passes bytes on until the limit, then calls `end`.
 *
 * @param {import("node:net").Socket} from
 * @param {import("node:net").Socket} to
 * @param {{ late?: number, limit?: number, end: () => void }} fate
 */
function pump(from, to, { late = 0, limit = Infinity, end }) {
  let left = limit;
  from.on("data", (chunk) => {
    const part = chunk.subarray(0, Math.max(0, Math.min(left, chunk.length)));
    left -= chunk.length;
    const isLast = left <= 0;
    const pass = () => {
      if (to.destroyed) {
        return;
      }
      // Only once the part has been handed to the system: a reset would overtake it.
      to.write(part, () => isLast && !from.destroyed && end());
    };
    if (late > 0) {
      // Timers of one length keep their order.
      setTimeout(pass, late);
    } else {
      pass();
    }
    if (isLast) {
      from.removeAllListeners("data");
    }
  });
}
