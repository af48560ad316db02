// A proxy in front of the real engine: shows what the driver really sends, and can spoil single
// answers. The engine still answers everything else, so no behaviour of DynamoDB is imitated here.
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { type Split, splitBatch } from "./split";

export interface Exchange {
  /** The DynamoDB operation, from `x-amz-target`. */
  operation: string;
  request: Record<string, any>;
  requestBytes: number;
  /** Set once the answer has been passed on. */
  response: Record<string, any> | undefined;
  responseBytes: number;
  /** From the signature: who signed, and for which region. */
  accessKeyId: string;
  region: string;
  securityToken: string | undefined;
  userAgent: string;
}

export interface Spoiled {
  status: number;
  /** Text is sent as it is, anything else as JSON. */
  body: unknown;
}
export type Rule = (exchange: Exchange, nthOfOperation: number) => Spoiled | Split | undefined;

/** Passes on one item of each batch's `part` only, for the first `times` of them. */
export function leaveOver(operation: string, part: number, times = Infinity): Rule {
  return (exchange, nth) => {
    if (exchange.operation !== operation || nth > times) return undefined;
    return { take: (requests) => requests.slice(0, Math.ceil(requests.length / part)) };
  };
}

/** AWS's answer for an action that the caller's policy does not allow. */
export function accessDenied(operation: string): Spoiled {
  const who = "arn:aws:iam::123456789012:user/tester";
  const message = `User: ${who} is not authorized to perform: dynamodb:${operation}`;
  return serviceError("AccessDeniedException", message);
}

export function serviceError(name: string, message: string, status = 400): Spoiled {
  return { status, body: { __type: `com.amazon.coral.service#${name}`, message } };
}

function json(bytes: Buffer): Record<string, any> {
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
}

async function collect(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export class Recorder {
  exchanges: Exchange[] = [];
  /** Requests received and not yet answered, now and at most. */
  inFlight = 0;
  peak = 0;
  /** Requests that the driver gave up before they were answered. */
  hangUps = 0;
  endpoint = "";
  #upstream: URL;
  #agent = new http.Agent({ keepAlive: true });
  #server = http.createServer((request, response) => void this.#serve(request, response));
  #rule: Rule = () => undefined;
  #delay = 0;
  #gate: Promise<void> | undefined;
  #open: () => void = () => {};

  constructor(upstream: string) {
    this.#upstream = new URL(upstream);
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  /** Forgets what was recorded and every rule. */
  reset(): void {
    this.release();
    this.exchanges = [];
    this.peak = this.inFlight;
    this.hangUps = 0;
    this.#rule = () => undefined;
    this.#delay = 0;
  }

  /** Answers in the engine's place wherever `rule` gives an answer. */
  spoil(rule: Rule): void {
    this.#rule = rule;
  }

  /** Waits before passing each request on. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Keeps every request back until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#gate = undefined;
    this.#open();
  }

  operations(): string[] {
    return this.exchanges.map((exchange) => exchange.operation);
  }

  of(operation: string): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.operation === operation);
  }

  async #serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) this.hangUps += 1;
    });
    try {
      const body = await collect(incoming);
      const exchange = this.#record(incoming, body);
      const nth = this.of(exchange.operation).length;
      this.inFlight += 1;
      this.peak = Math.max(this.peak, this.inFlight);
      try {
        if (this.#delay > 0) await sleep(this.#delay);
        await this.#gate;
        const spoiled = this.#rule(exchange, nth);
        if (spoiled && "take" in spoiled) await this.#pass(incoming, exchange, outgoing, spoiled);
        else if (spoiled) this.#answer(outgoing, spoiled);
        else await this.#forward(incoming, body, exchange, outgoing);
      } finally {
        this.inFlight -= 1;
      }
    } catch {
      // The driver hung up, or the engine did: the driver sees a broken connection, as in life.
      outgoing.destroy();
    }
  }

  #record(incoming: http.IncomingMessage, body: Buffer): Exchange {
    const header = (name: string): string => String(incoming.headers[name] ?? "");
    const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(header("authorization"));
    const exchange: Exchange = {
      operation: header("x-amz-target").split(".")[1] ?? "",
      request: json(body),
      requestBytes: body.length,
      response: undefined,
      responseBytes: 0,
      accessKeyId: scope?.[1] ?? "",
      region: scope?.[2] ?? "",
      securityToken: incoming.headers["x-amz-security-token"] as string | undefined,
      userAgent: header("user-agent"),
    };
    this.exchanges.push(exchange);
    return exchange;
  }

  #answer(outgoing: http.ServerResponse, { status, body }: Spoiled): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const type = "application/x-amz-json-1.0";
    outgoing.writeHead(status, { "content-type": type, "x-amzn-requestid": "SPOILED" }).end(text);
  }

  /** Passes on a part of a batch. Neither engine checks signatures, so the request may change. */
  async #pass(
    incoming: http.IncomingMessage,
    exchange: Exchange,
    outgoing: http.ServerResponse,
    split: Split,
  ): Promise<void> {
    const { sent, rest } = splitBatch(exchange.request, split);
    const body = Buffer.from(JSON.stringify(sent));
    incoming.headers["content-length"] = String(body.length);
    await this.#forward(incoming, body, exchange, outgoing, rest);
  }

  async #forward(
    incoming: http.IncomingMessage,
    body: Buffer,
    exchange: Exchange,
    outgoing: http.ServerResponse,
    rest?: Record<string, any>,
  ): Promise<void> {
    // Headers pass untouched, `host` too: it is part of what the driver signed.
    const request = http.request({
      agent: this.#agent,
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    });
    request.end(body);
    const [answer] = (await once(request, "response")) as [http.IncomingMessage];
    let bytes = await collect(answer);
    if (rest) {
      bytes = Buffer.from(JSON.stringify({ ...json(bytes), ...rest }));
      answer.headers["content-length"] = String(bytes.length);
      delete answer.headers["transfer-encoding"];
      delete answer.headers["x-amz-crc32"];
    }
    exchange.response = json(bytes);
    exchange.responseBytes = bytes.length;
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(bytes);
  }
}

/** Call in a file's or a `describe`'s body; what was recorded is forgotten after each test. */
export function useRecorder(): Recorder {
  const recorder = new Recorder(inject("endpoint"));
  beforeAll(() => recorder.start());
  afterEach(() => recorder.reset());
  afterAll(() => recorder.stop());
  return recorder;
}
