// Random operations through a network and a service that break all the time, by clients that are killed at random bytes;
// a ledger says after each kill, and at the end, whether anything was lost, torn, or touched that was not meant.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { Ledger, textOf } from "./ledger.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";
import { allRows, createTable, raw } from "../../../scripts/lib/table.mjs";

const client = fileURLToPath(new URL("./lanes.mjs", import.meta.url));
const lanes = 16;
/** Bytes between two kills, on average: some hundred operations. */
const bytesPerLife = 4_000_000;

/** Rows next to those of the lanes, where a wrong prefix would reach. */
const neighbours = ["lane", "lane0", "lane0x:a:1", "lane1", "lane1a:1", "lanes:a:1", "zone:a:1"];

/**
 * @typedef {object} Result
 * @property {number} seed
 * @property {number} operations
 * @property {Record<string, number>} outcomes resolved, rejected by code, and unknown after a kill
 * @property {Record<string, number>} faults
 * @property {number} kills
 * @property {number} compared rows that were compared with the ledger
 * @property {number} lost
 * @property {string[]} problems
 */

/**
 * @param {string} endpoint of a real engine
 * @param {{ seed: number, operations: number }} options
 * @returns {Promise<Result>}
 */
export async function nothingLost(endpoint, { seed, operations }) {
  const run = new Run(endpoint, seed);
  await run.start();
  try {
    while (run.operations < operations) {
      await run.live(operations - run.operations);
      await run.compare();
    }
    return run.result();
  } finally {
    await run.stop();
  }
}

class Run {
  operations = 0;
  #seed;
  #engine;
  #random;
  #service;
  #network;
  #table;
  #ledger = new Ledger();
  #first = 0;
  #kills = 0;
  /** @type {Record<string, number>} */
  #outcomes = { resolved: 0 };
  /** @type {Map<number, any>} operations that were begun, as they were told */
  #begun = new Map();

  /** @param {string} engine @param {number} seed */
  constructor(engine, seed) {
    this.#engine = engine;
    this.#seed = seed;
    this.#table = `nothing-lost-${seed}-${process.pid}`;
    this.#random = seededRandom(seed);
    this.#service = new FaultProxy(engine, this.#random);
    this.#network = new ChaosProxy(engine);
  }

  async start() {
    await this.#service.start();
    this.#network = await new ChaosProxy(this.#service.endpoint, () => this.#fate()).start();
    await createTable(this.#engine, this.#table);
    for (const key of neighbours) {
      const Item = { key: { S: key }, value: { S: textOf(1, 20) } };
      await raw(this.#engine, "PutItem", { TableName: this.#table, Item });
    }
  }

  async stop() {
    await this.#network.stop();
    this.#service.stop();
    await raw(this.#engine, "DeleteTable", { TableName: this.#table });
  }

  /**
   * A connection in four is late, and one in four is cut, after as many bytes as some requests take.
   *
   * @returns {import("./chaos.mjs").Fate}
   */
  #fate() {
    const latency = this.#random() < 0.25 ? this.#random() * 20 : 0;
    if (this.#random() < 0.75) {
      return { latency };
    }
    const direction = this.#random() < 0.5 ? "requestBytes" : "responseBytes";
    const bytes = Math.floor(this.#random() * 40_000);
    return { latency, [direction]: bytes, end: this.#random() < 0.8 ? "reset" : "close" };
  }

  /** One client, until it has done its share or is killed. @param {number} operations */
  async live(operations) {
    const given = {
      endpoint: this.#network.endpoint,
      table: this.#table,
      seed: this.#seed,
      first: this.#first,
      operations,
      lanes,
    };
    const child = spawn(process.execPath, [client, JSON.stringify(given)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: "true" },
    });
    const until = this.#network.bytes + this.#random() * 2 * bytesPerLife;
    this.#network.onBytes = (bytes) => {
      if (bytes >= until && child.exitCode === null) {
        child.kill("SIGKILL");
      }
    };
    for await (const line of createInterface({ input: child.stdout })) {
      // A line that is cut is of the last moment, and what it began was not yet begun.
      if (line.endsWith("}")) {
        this.#hear(JSON.parse(line));
      }
    }
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once("exit", resolve));
    }
    if (child.signalCode === "SIGKILL") {
      this.#kills += 1;
    } else if (child.exitCode !== 0) {
      throw new Error(`the client ended with ${child.exitCode ?? child.signalCode}`);
    }
  }

  /** @param {any} line of the client */
  #hear(line) {
    if (line.end !== undefined) {
      this.#first = line.end;
      return;
    }
    this.#first = Math.max(this.#first, line.operation, ...(line.writes ?? []).map(last));
    const begun = this.#begun.get(line.operation);
    if (!begun) {
      this.operations += 1;
      this.#begun.set(line.operation, line);
      // Until it is told how it ended, it may have been done or not.
      this.#apply(line, () => false);
      return;
    }
    this.#begun.delete(line.operation);
    const outcome = line.resolved ? "resolved" : line.code;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    const isDone = (/** @type {string} */ key) =>
      line.resolved || (line.keys !== undefined && !line.keys.includes(key));
    this.#apply(begun, isDone);
    for (const [key, state] of line.saw ?? []) {
      this.#ledger.saw(key, state ?? undefined);
    }
    if (line.listed) {
      this.#ledger.listed(line.base, line.listed);
    }
  }

  /** @param {any} line @param {(key: string) => boolean} isDone */
  #apply({ writes = [], clears }, isDone) {
    // Of a key that is given several times the last write counts.
    for (const [key, state] of new Map(writes)) {
      this.#ledger.write(key, state, isDone(key));
    }
    if (clears !== undefined) {
      this.#ledger.clear(clears, isDone(clears));
    }
  }

  /** Compares ledger and table, once nothing is on its way any more. */
  async compare() {
    while (this.#network.open > 0 || this.#service.inFlight > 0) {
      await sleep(10);
    }
    this.#outcomes.unknown = (this.#outcomes.unknown ?? 0) + this.#begun.size;
    this.#begun.clear();
    const rows = await allRows(this.#engine, this.#table);
    for (const key of neighbours) {
      if (rows.get(key)?.value.S !== textOf(1, 20)) {
        this.#ledger.problems.push(`${key}: touched, and outside every base`);
      }
      rows.delete(key);
    }
    this.#ledger.compare(rows, "");
  }

  /** @returns {Result} */
  result() {
    const problems = this.#ledger.problems;
    return {
      seed: this.#seed,
      operations: this.operations,
      outcomes: this.#outcomes,
      faults: { ...this.#service.faults, connection: this.#network.faults },
      kills: this.#kills,
      compared: this.#ledger.compared,
      lost: problems.length,
      problems: problems.slice(0, 20),
    };
  }
}

const last = (/** @type {[string, number]} */ [, state]) => state;
