// An HTTP proxy in front of a real engine that does to requests what a busy or broken service does: refuses them,
// takes them and loses the answer, answers in part, or leaves parts of a batch over.
//
// Requests reach the engine in the order in which they came: a request whose client has given up must not arrive after
// a later one, or what the table has to hold would be unknown.
import { ScriptedServer } from "../../helpers/server.mjs";

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

export class FaultProxy extends ScriptedServer {
  /** @type {Record<string, number>} how often each fault happened */
  faults = {};
  /** How many percent of the faults above happen: 0 is a plain proxy. */
  intensity = 100;
  #random;
  /** The end of the last request that was sent on. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {string} engine an `http:` URL
   * @param {() => number} random
   */
  constructor(engine, random) {
    super({ upstream: () => engine, forgets: true });
    this.#random = random;
    this.decide = (/** @type {import("../../helpers/server.mjs").Seen} */ seen) => {
      const fault = this.#fate(seen.operation);
      if (fault) {
        this.faults[fault] = (this.faults[fault] ?? 0) + 1;
      }
      return this.#treat(fault, seen);
    };
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
   * @param {Fault | undefined} fault
   * @param {import("../../helpers/server.mjs").Seen} seen
   * @returns {Promise<import("../../helpers/server.mjs").Reply>}
   */
  async #treat(fault, seen) {
    switch (fault) {
      case "throttled":
        return { status: 400, body: { __type: "x#ThrottlingException", message: fault } };
      case "failed":
        return { status: 500, body: { __type: "x#InternalServerError", message: fault } };
      case "refused":
        return { silent: true, ending: "reset" };
      case "unanswered":
        // The client hangs up when its time is over.
        return { silent: true, ending: "hang" };
    }
    // At least one goes through: a table that takes nothing at all is another fault.
    const take = (/** @type {unknown[]} */ all) =>
      all.slice(0, 1 + Math.floor(this.#random() * all.length));
    const answer = this.#last.then(() =>
      this.forward(seen, fault === "leftover" ? { take } : undefined),
    );
    this.#last = Promise.allSettled([answer]);
    const reply = await answer;
    switch (fault) {
      case "lost":
        return { silent: true, ending: "reset" };
      case "late":
        return { silent: true, ending: "hang" };
      case "cut": {
        const sent = Math.floor(this.#random() * /** @type {Buffer} */ (reply.body).length);
        return { ...reply, sent, ending: "close" };
      }
      default:
        return reply;
    }
  }
}
