// An HTTP proxy in front of a real engine that does to requests what a busy or broken service does: refuses them,
// takes them and loses the answer, answers in part, or leaves parts of a batch over.
//
// Requests reach the engine in the order in which they came: a request whose client has given up must not arrive after
// a later one, or nobody could say what the table has to hold.
import { once } from "node:events";
import http from "node:http";

import { listen } from "../../../scripts/lib/listen.mjs";
import { headersOf } from "../../../scripts/lib/table.mjs";

/**
 * @typedef {"throttled" | "failed" | "refused" | "lost" | "unanswered" | "late" | "cut" | "leftover"} Fault
 */

/** What happens to one request in a hundred, each. @type {Record<Fault, number>} */
const weights = {
  // Refused by AWS, in words.
  throttled: 4,
  failed: 2,
  // The connection breaks before the engine has the request, or after it has done it.
  refused: 2,
  lost: 2,
  // No answer in time: never sent on, or done and not told.
  unanswered: 1,
  late: 1,
  // An answer that breaks off.
  cut: 2,
  // Only for batches: a part is left over, in an answer that succeeded.
  leftover: 30,
};

export class FaultProxy {
  /** Its URL, once it has started. */
  endpoint = "";
  /** @type {Record<string, number>} how often each fault happened */
  faults = {};
  requests = 0;
  inFlight = 0;
  /** How many percent of the faults above happen: 0 is a plain proxy. */
  intensity = 100;
  #engine;
  #random;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #server = http.createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
  /** The end of the last request that was sent on. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {string} engine an `http:` URL
   * @param {() => number} random
   */
  constructor(engine, random) {
    this.#engine = new URL(engine);
    this.#random = random;
  }

  async start() {
    this.endpoint = await listen(this.#server);
    return this;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  /**
   * @param {string} operation
   * @returns {Fault | undefined}
   */
  #fate(operation) {
    let dice = (this.#random() * 10_000) / Math.max(this.intensity, 1e-9);
    for (const [fault, weight] of Object.entries(weights)) {
      if (fault === "leftover" && !operation.startsWith("Batch")) {
        continue;
      }
      dice -= weight;
      if (dice < 0) {
        return /** @type {Fault} */ (fault);
      }
    }
    return undefined;
  }

  /**
   * @param {http.IncomingMessage} incoming
   * @param {http.ServerResponse} outgoing
   */
  async #serve(incoming, outgoing) {
    this.inFlight += 1;
    outgoing.on("error", () => {});
    try {
      const body = await collect(incoming);
      this.requests += 1;
      const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
      const fault = this.#fate(operation);
      if (fault) {
        this.faults[fault] = (this.faults[fault] ?? 0) + 1;
      }
      await this.#treat(fault, operation, body, outgoing);
    } catch {
      // The client broke off before its request was whole: nobody has seen it.
      outgoing.destroy();
    } finally {
      this.inFlight -= 1;
    }
  }

  /**
   * @param {Fault | undefined} fault
   * @param {string} operation
   * @param {Buffer} body
   * @param {http.ServerResponse} outgoing
   */
  async #treat(fault, operation, body, outgoing) {
    if (fault === "throttled" || fault === "failed") {
      const [status, name] =
        fault === "throttled" ? [400, "ThrottlingException"] : [500, "InternalServerError"];
      respond(outgoing, status, JSON.stringify({ __type: `x#${name}`, message: fault }));
      return;
    }
    if (fault === "refused") {
      outgoing.socket?.resetAndDestroy();
      return;
    }
    if (fault === "unanswered") {
      // The client hangs up when its time is over.
      return;
    }
    const { sent, rest } = fault === "leftover" ? split(body, this.#random) : { sent: body };
    const { status, text } = await this.#inOrder(operation, sent);
    const answer = rest && status === 200 ? JSON.stringify({ ...JSON.parse(text), ...rest }) : text;
    if (fault === "lost") {
      outgoing.socket?.resetAndDestroy();
    } else if (fault === "cut") {
      const bytes = Buffer.from(answer);
      const part = bytes.subarray(0, Math.floor(this.#random() * bytes.length));
      outgoing.writeHead(status, { "content-length": bytes.length });
      outgoing.write(part, () => outgoing.socket?.destroy());
    } else if (fault !== "late") {
      respond(outgoing, status, answer);
    }
  }

  /**
   * @param {string} operation
   * @param {Buffer} body
   * @returns {Promise<{ status: number, text: string }>}
   */
  #inOrder(operation, body) {
    const answer = this.#last.then(() => this.#ask(operation, body));
    this.#last = Promise.allSettled([answer]);
    return answer;
  }

  /**
   * @param {string} operation
   * @param {Buffer} body
   */
  async #ask(operation, body) {
    const request = http.request({
      agent: this.#agent,
      hostname: this.#engine.hostname,
      port: this.#engine.port,
      method: "POST",
      headers: headersOf(operation),
    });
    request.end(body);
    const [answer] = await once(request, "response");
    return { status: answer.statusCode, text: (await collect(answer)).toString("utf8") };
  }
}

/**
 * @param {http.ServerResponse} outgoing
 * @param {number} status
 * @param {string} text
 */
function respond(outgoing, status, text) {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "FAULT" };
  outgoing.writeHead(status, headers).end(text);
}

/** @param {http.IncomingMessage} stream */
async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A batch cut in two: what the engine gets, and what the answer says was left over.
 *
 * @param {Buffer} body
 * @param {() => number} random
 */
function split(body, random) {
  const request = JSON.parse(body.toString("utf8"));
  const [table = "", asked] = Object.entries(request.RequestItems)[0] ?? [];
  const isWrite = Array.isArray(asked);
  const all = isWrite ? asked : asked.Keys;
  // At least one goes through: a table that takes nothing at all is another fault.
  const count = 1 + Math.floor(random() * all.length);
  const part = (/** @type {unknown[]} */ some) => ({
    [table]: isWrite ? some : { ...asked, Keys: some },
  });
  const left = all.slice(count);
  const rest = left.length === 0 ? {} : part(left);
  return {
    sent: Buffer.from(JSON.stringify({ ...request, RequestItems: part(all.slice(0, count)) })),
    rest: isWrite ? { UnprocessedItems: rest } : { UnprocessedKeys: rest },
  };
}
