// An HTTP proxy in front of a real engine that fails like a busy or broken service: it rejects requests, performs them
// and drops the response, truncates responses, or leaves parts of a batch unprocessed.
//
// Requests reach the engine in the order of their arrival: a request of a client that has given up must not arrive
// after a later one, or the expected contents of the table would be unknown. Tests that record what the engine executed
// can allow it.
import { setTimeout as sleep } from "node:timers/promises";

import { ScriptedServer } from "../../helpers/server.mjs";

/** @typedef {import("../../helpers/server.mjs").Seen} Seen */
/** @typedef {import("../../helpers/server.mjs").Reply} Reply */

const refusal = (/** @type {number} */ status, /** @type {string} */ name) => ({
  status,
  body: { __type: `x#${name}`, message: "scripted" },
});
/** @type {Reply} */
const reset = { silent: true, ending: "reset" };
/** The client hangs up when its timeout expires. @type {Reply} */
const silence = { silent: true, ending: "hang" };

/** @typedef {{ weight: number, instead?: Reply, after?: Reply, overtaken?: boolean }} Fault */
/**
 * The percentage of requests that each fault affects, and its reply instead of or after the engine's work.
 *
 * @type {Record<string, Fault>}
 */
const faults = {
  throttled: { weight: 4, instead: refusal(400, "ThrottlingException") },
  failed: { weight: 2, instead: refusal(500, "InternalServerError") },
  refused: { weight: 2, instead: reset },
  lost: { weight: 2, after: reset },
  unanswered: { weight: 1, instead: silence },
  late: { weight: 1, after: silence },
  // A truncated response.
  cut: { weight: 2, after: { ending: "close" } },
  // The connection breaks, and the request reaches the engine later.
  overtaken: { weight: 3, instead: reset, overtaken: true },
  // Only for batches: a part is left unprocessed, in a successful response.
  leftover: { weight: 30 },
};

export class FaultProxy extends ScriptedServer {
  /** @type {Record<string, number>} how often each fault occurred */
  faults = {};
  /** The percentage of the faults above that occur. */
  intensity = 100;
  /** Requests that will reach the engine later. */
  overtaken = 0;
  /** Called with each request that the engine executed, in their order. @type {(seen: Seen) => void} */
  onExecuted = () => {};
  #random;
  #overtakes;
  /** Settles when the last forwarded request has ended. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {string} engine an `http:` URL
   * @param {() => number} random
   * @param {{ overtakes?: boolean }} [options] whether a request may be overtaken by later ones
   */
  constructor(engine, random, { overtakes = false } = {}) {
    super({ upstream: () => engine, forgets: true });
    this.#random = random;
    this.#overtakes = overtakes;
    this.decide = (/** @type {Seen} */ seen) => this.#treat(seen);
  }

  /** @param {string} operation */
  #fault(operation) {
    let dice = (this.#random() * 10_000) / this.intensity;
    const name = Object.keys(faults).find((fault) => {
      if (fault === "leftover" && !operation.startsWith("Batch")) return false;
      if (fault === "overtaken" && !this.#overtakes) return false;
      dice -= faults[fault]?.weight ?? 0;
      return dice < 0;
    });
    if (name) this.faults[name] = (this.faults[name] ?? 0) + 1;
    return name;
  }

  /** @param {Seen} seen @returns {Promise<Reply>} */
  async #treat(seen) {
    const fault = this.#fault(seen.operation);
    const { instead, after = {}, overtaken } = faults[fault ?? ""] ?? {};
    if (overtaken) void this.#executeLater(seen);
    if (instead) return instead;
    // At least one item is processed. A table that accepts nothing is another fault.
    const take = (/** @type {unknown[]} */ all) =>
      all.slice(0, 1 + Math.floor(this.#random() * all.length));
    const split = fault === "leftover" ? { take } : undefined;
    const reply = await this.#execute(seen, split);
    const { length } = /** @type {Buffer} */ (reply.body);
    const sent = fault === "cut" ? Math.floor(this.#random() * length) : length;
    return { ...reply, sent, ...after };
  }

  /** @param {Seen} seen */
  async #executeLater(seen) {
    this.overtaken += 1;
    await sleep(this.#random() * 1000);
    await this.#execute(seen).finally(() => (this.overtaken -= 1));
  }

  /** @param {Seen} seen @param {import("../../helpers/split.mjs").Split} [split] */
  #execute(seen, split) {
    const answer = this.#last.then(() => this.forward(seen, split));
    this.#last = Promise.allSettled([answer]);
    return answer.then((reply) => {
      if (reply.status === 200) this.onExecuted(seen);
      return reply;
    });
  }
}
