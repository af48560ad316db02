// An endpoint that answers as it is told to: any status, headers and bytes, late, in drops, in part, or not at all.
// What a rule leaves alone is answered by the real engine, or with an empty success where there is none.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll } from "vitest";

export interface Reply {
  /** Milliseconds before anything is said. */
  delay?: number;
  status?: number;
  headers?: Record<string, string>;
  /** Text and bytes as they are, pieces one by one as long as somebody listens, anything else as JSON. */
  body?: unknown;
  /** The `content-length` that is claimed. Default: the truth, and none for pieces. */
  length?: number;
  /** How many bytes of the body are sent. Default: all. */
  sent?: number;
  /** So many bytes at a time, and the wait between them. */
  drip?: { bytes: number; everyMs: number };
  /** What comes after that. Default: the end of the answer. */
  ending?: "end" | "reset" | "close" | "hang";
  /** Nothing at all is said before it. */
  silent?: boolean;
}

export interface Seen {
  operation: string;
  path: string;
  request: any;
  headers: http.IncomingHttpHeaders;
  /** When it came, on the clock of `performance.now()`. */
  at: number;
  httpVersion: string;
}

export type Script = (seen: Seen, nth: number) => Reply | "forward" | undefined;
export type Tls = { key: string; cert: string; h2?: boolean } & https.ServerOptions;

export class ScriptedEndpoint {
  seen: Seen[] = [];
  /** Sockets: so far, now, and at most at once. */
  connections = 0;
  open = 0;
  peak = 0;
  /** Answers that the client did not wait for. */
  hangUps = 0;
  #script: Script = () => undefined;
  #server: Server;
  #sockets = new Set<Socket>();
  #port = 0;

  constructor(
    readonly tls?: Tls,
    readonly upstream?: () => string,
  ) {
    const serve = (incoming: any, outgoing: any) => void this.#serve(incoming, outgoing);
    if (tls?.h2) {
      this.#server = http2.createSecureServer({ ...tls, allowHTTP1: true }, serve);
    } else if (tls) {
      this.#server = https.createServer({ keepAliveTimeout: 60_000, ...tls }, serve);
    } else {
      this.#server = http.createServer({ keepAliveTimeout: 60_000 }, serve);
    }
    this.#server.on("connection", (socket: Socket) => this.#opened(socket));
    // Handshakes fail on purpose.
    this.#server.on("tlsClientError", () => {});
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1", 4096);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.resetSockets();
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `${this.tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  /** Decides about every request from now on; forgets what was seen. */
  script(script: Script): void {
    this.reset();
    this.#script = script;
  }

  reset(): void {
    this.#script = () => undefined;
    this.seen = [];
    this.hangUps = 0;
    this.connections = 0;
    this.peak = this.open;
  }

  of(operation: string): Seen[] {
    return this.seen.filter((seen) => seen.operation === operation);
  }

  resetSockets(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  closeSockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #opened(socket: Socket): void {
    this.connections += 1;
    this.open += 1;
    this.peak = Math.max(this.peak, this.open);
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.open -= 1;
      this.#sockets.delete(socket);
    });
  }

  async #serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) this.hangUps += 1;
    });
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    try {
      const body = await collect(incoming);
      const seen = this.#record(incoming, body);
      const reply = this.#script(seen, this.of(seen.operation).length);
      if (reply === "forward") await this.#forward(incoming, body, outgoing);
      else await send(outgoing, reply ?? {});
    } catch {
      outgoing.destroy();
    }
  }

  #record(incoming: http.IncomingMessage, body: Buffer): Seen {
    const { headers, httpVersion, url: path = "" } = incoming;
    const operation = String(headers["x-amz-target"] ?? "").split(".")[1] ?? "";
    const request = operation && body.length > 0 ? JSON.parse(body.toString("utf8")) : {};
    const seen = { operation, path, request, headers, at: performance.now(), httpVersion };
    this.seen.push(seen);
    return seen;
  }

  async #forward(
    { method, url, headers }: http.IncomingMessage,
    body: Buffer,
    outgoing: http.ServerResponse,
  ): Promise<void> {
    const request = http.request(new URL(url ?? "/", this.upstream!()), { method, headers });
    request.end(body);
    const [answer] = (await once(request, "response")) as [http.IncomingMessage];
    const bytes = await collect(answer);
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(bytes);
  }
}

async function collect(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function isPieces(body: unknown): body is Iterable<Buffer | string> {
  return typeof body === "object" && body !== null && Symbol.iterator in body && !isBytes(body);
}

const isBytes = (body: unknown): body is Buffer => Buffer.isBuffer(body);

async function send(outgoing: http.ServerResponse, reply: Reply): Promise<void> {
  const { delay = 0, status = 200, body = {}, drip, ending = "end" } = reply;
  if (delay > 0) await sleep(delay);
  if (!reply.silent) {
    const headers: Record<string, string> = {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": "SCRIPTED",
      ...reply.headers,
    };
    if (isPieces(body)) {
      outgoing.writeHead(status, headers);
      for (const piece of body) await write(outgoing, piece);
    } else {
      const text = typeof body === "string" || isBytes(body) ? body : JSON.stringify(body);
      const bytes = Buffer.from(text);
      headers["content-length"] = String(reply.length ?? bytes.length);
      outgoing.writeHead(status, headers);
      const part = bytes.subarray(0, reply.sent ?? bytes.length);
      const size = drip?.bytes ?? part.length;
      for (let start = 0; start < part.length; start += size) {
        if (drip && start > 0) await sleep(drip.everyMs);
        await write(outgoing, part.subarray(start, start + size));
      }
    }
  }
  if (ending === "end") outgoing.end();
  else if (ending === "reset") outgoing.socket?.resetAndDestroy();
  else if (ending === "close") outgoing.socket?.destroy();
}

async function write(outgoing: http.ServerResponse, piece: Buffer | string): Promise<void> {
  if (outgoing.destroyed) throw new Error("nobody listens");
  if (!outgoing.write(piece)) {
    const gone = new AbortController();
    const close = () => gone.abort();
    outgoing.once("close", close);
    await once(outgoing, "drain", { signal: gone.signal });
    outgoing.off("close", close);
  }
}

/** Call in a file's or a `describe`'s body; scripts are forgotten after each test. */
export function useEndpoint(tls?: Tls, upstream?: () => string): ScriptedEndpoint {
  const endpoint = new ScriptedEndpoint(tls, upstream);
  beforeAll(() => endpoint.start());
  afterEach(() => endpoint.reset());
  afterAll(() => endpoint.stop());
  return endpoint;
}

/** AWS's way to say that something went wrong. */
export function awsError(name: string, status = 400, message = "scripted"): Reply {
  return { status, body: { __type: `com.amazon.coral.service#${name}`, message } };
}

/** One item as GetItem answers it. */
export const found = (value: string): Reply => ({ body: { Item: { value: { S: value } } } });
