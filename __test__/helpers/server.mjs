// The HTTP(S) server of all tests. It sends scripted responses with any status, headers and bytes, delayed, in small
// pieces, truncated or not at all, or forwards requests to a real engine, so that no test has to imitate DynamoDB.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { splitBatch } from "./split.mjs";

/**
 * @typedef {object} Reply
 * @property {number} [delay] milliseconds before the first byte
 * @property {number} [status]
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] text and bytes are sent unchanged, an iterable in chunks while the client reads, and
 *   anything else as JSON
 * @property {number} [length] the `content-length` header; default: the actual length, or none for chunks
 * @property {number} [sent] how many bytes of the body are sent; default: all
 * @property {{ bytes: number, everyMs: number }} [drip] the size of the pieces and the delay between them
 * @property {"end" | "reset" | "close" | "hang"} [ending] how the response ends; default: regularly
 * @property {boolean} [silent] sends nothing before the ending
 */

/** @typedef {ReturnType<typeof seenOf>} Seen */
/** @typedef {import("./split.mjs").Split} Split */
/** @typedef {Reply | Split | "forward" | undefined} Decision undefined: an empty success */
/** @typedef {(seen: Seen, nthOfOperation: number) => Decision | Promise<Decision>} Script */
/** @typedef {{ key: string, cert: string, h2?: boolean } & https.ServerOptions} Tls */

export class ScriptedServer {
  /** The URL. Set by `start`. */
  endpoint = "";
  /** @type {Seen[]} */
  seen = [];
  requests = 0;
  connections = 0;
  peakConnections = 0;
  peakInFlight = 0;
  /** The number of responses that were not sent completely. */
  hangUps = 0;
  /** @type {Script} */
  decide = () => undefined;
  #options;
  /** @type {import("node:http").Server | http2.Http2SecureServer | undefined} */
  #server;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  /** @type {Set<http.IncomingMessage>} */
  #inFlight = new Set();

  /**
   * @param {object} [options]
   * @param {Tls} [options.tls]
   * @param {() => string} [options.upstream] the engine that requests are forwarded to
   * @param {boolean} [options.forgets] does not record requests, for tests with very many
   */
  constructor(options = {}) {
    this.#options = options;
  }

  get openConnections() {
    return this.#sockets.size;
  }

  /** The number of requests that wait for the script or the engine. */
  get inFlight() {
    return this.#inFlight.size;
  }

  /** Starts on a new port. Ignores requests to an earlier one. */
  async start() {
    this.stop();
    const server = this.#create();
    this.#server = server.listen(0, "127.0.0.1", 4096);
    await once(server, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    this.endpoint = `${this.#options.tls ? "https" : "http"}://127.0.0.1:${port}`;
    this.forget();
    return this;
  }

  stop() {
    this.#server?.close();
    this.closeSockets();
    this.#sockets = new Set();
    this.#inFlight = new Set();
    this.#agent.destroy();
  }

  #create() {
    const tls = { keepAliveTimeout: 60_000, ...this.#options.tls };
    const plain = () => (this.#options.tls ? https.createServer(tls) : http.createServer(tls));
    const server = tls.h2 ? http2.createSecureServer({ ...tls, allowHTTP1: true }) : plain();
    server.on("request", (/** @type {any} */ incoming, /** @type {any} */ outgoing) => {
      void this.#serve(incoming, outgoing);
    });
    server.on("connection", (socket) => this.#opened(socket));
    // Some tests make handshakes fail.
    server.on("tlsClientError", () => {});
    return server;
  }

  /** Forgets past requests. */
  forget() {
    this.seen = [];
    this.requests = 0;
    this.hangUps = 0;
    this.connections = 0;
    this.peakConnections = this.openConnections;
    this.peakInFlight = this.inFlight;
  }

  /** @param {string} operation */
  of(operation) {
    return this.seen.filter((seen) => seen.operation === operation);
  }

  resetSockets() {
    this.#sockets.forEach((socket) => socket.resetAndDestroy());
  }

  closeSockets() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  /** @param {import("node:net").Socket} socket */
  #opened(socket) {
    const sockets = this.#sockets.add(socket);
    this.connections += 1;
    this.peakConnections = Math.max(this.peakConnections, this.openConnections);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }

  /** @param {http.IncomingMessage} incoming @param {http.ServerResponse} outgoing */
  async #serve(incoming, outgoing) {
    const inFlight = this.#inFlight.add(incoming);
    const isOver = () => inFlight !== this.#inFlight;
    outgoing.on("close", () => {
      if (!isOver() && !outgoing.writableFinished) this.hangUps += 1;
    });
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    try {
      const seen = seenOf(incoming, await buffer(incoming));
      if (isOver()) return;
      this.requests += 1;
      if (!this.#options.forgets) this.seen.push(seen);
      const decision = (await this.decide(seen, this.of(seen.operation).length)) ?? {};
      if (isOver()) return;
      if (decision === "lose") {
        await this.forward(seen);
        outgoing.socket?.resetAndDestroy();
      } else if (decision === "forward") await send(outgoing, await this.forward(seen));
      else if ("take" in decision) await send(outgoing, await this.forward(seen, decision));
      else await send(outgoing, decision);
    } catch {
      // The client or the engine closed the connection.
      outgoing.destroy();
    } finally {
      inFlight.delete(incoming);
    }
  }

  /**
   * Returns the engine's response. For a split batch, it covers only the forwarded part.
   *
   * @param {Seen} seen
   * @param {Split} [split]
   * @returns {Promise<Reply>}
   */
  async forward(seen, split) {
    const { sent, rest } = split ? splitBatch(seen.request, split) : {};
    const body = sent ? Buffer.from(JSON.stringify(sent)) : seen.body;
    const upstream = new URL(this.#options.upstream?.() ?? "");
    // Other headers are unchanged, including `host`, which is part of the signature.
    const headers = { ...seen.headers, "content-length": String(body.length) };
    const { method, path } = seen;
    const { hostname, port } = upstream;
    const request = http.request({ agent: this.#agent, hostname, port, method, path, headers });
    request.end(body);
    const [answer] = await once(request, "response");
    let bytes = await buffer(answer);
    const passed = answer.headers;
    if (rest && answer.statusCode === 200) {
      bytes = Buffer.from(JSON.stringify({ ...json(bytes), ...rest }));
      delete passed["x-amz-crc32"];
    }
    delete passed["transfer-encoding"];
    seen.response = seen.operation ? json(bytes) : undefined;
    seen.responseBytes = bytes.length;
    return { status: answer.statusCode, headers: passed, body: bytes };
  }
}

/** @param {Buffer} bytes @returns {any} */
const json = (bytes) => (bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8")));

/** @param {http.IncomingMessage} incoming @param {Buffer} body */
const seenOf = ({ headers, httpVersion, url: path = "", method = "" }, body) => {
  const operation = String(headers["x-amz-target"] ?? "").split(".")[1] ?? "";
  return {
    operation,
    path,
    method,
    headers,
    httpVersion,
    body,
    request: operation ? json(body) : {},
    requestBytes: body.length,
    // Set after the engine's response was forwarded.
    response: /** @type {any} */ (undefined),
    responseBytes: 0,
    /** When the request arrived. */
    at: performance.now(),
  };
};

/** @param {unknown} body @returns {body is Iterable<Buffer | string>} */
const isPieces = (body) =>
  typeof body === "object" && body !== null && Symbol.iterator in body && !Buffer.isBuffer(body);

/** @param {http.ServerResponse} outgoing @param {Reply} [reply] */
async function send(outgoing, reply = {}) {
  const { delay = 0, status = 200, body = {}, drip, ending = "end" } = reply;
  if (delay > 0) await sleep(delay);
  if (!reply.silent) {
    outgoing.setHeader("content-type", "application/x-amz-json-1.0");
    outgoing.setHeader("x-amzn-requestid", "SCRIPTED");
    if (isPieces(body)) {
      outgoing.writeHead(status, reply.headers);
      await pipeline(Readable.from(body), outgoing, { end: false });
    } else {
      const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const bytes = Buffer.from(text);
      const length = String(reply.length ?? bytes.length);
      outgoing.writeHead(status, { ...reply.headers, "content-length": length });
      const part = bytes.subarray(0, reply.sent ?? bytes.length);
      const size = drip?.bytes ?? part.length;
      for (let start = 0; start < part.length; start += size) {
        if (drip && start > 0) await sleep(drip.everyMs);
        if (outgoing.destroyed) return;
        outgoing.write(part.subarray(start, start + size));
      }
    }
  }
  if (ending === "end") outgoing.end();
  else if (ending === "reset") outgoing.socket?.resetAndDestroy();
  else if (ending === "close") outgoing.socket?.destroy();
}
