// Random operations with a network and a service that fail continually, and clients that are killed at random bytes.
// After each kill and at the end, a ledger shows whether anything was lost, corrupted or changed unexpectedly.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { seededRandom } from "../../../scripts/lib/random.mjs";
import { allRows, createTable, raw } from "../../../scripts/lib/table.mjs";
import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { Ledger, textOf } from "./ledger.mjs";

const client = fileURLToPath(new URL("./lanes.mjs", import.meta.url));
const lanes = 16;
/** The average number of bytes between two kills: some hundred operations. */
const bytesPerLife = 4_000_000;
/** Rows next to those of the lanes, which a wrong prefix would match. */
const neighbours = ["lane", "lane0", "lane0x:a:1", "lane1", "lane1a:1", "lanes:a:1", "zone:a:1"];

/**
 * @param {string} engine the endpoint of a real engine
 * @param {{ seed: number, operations: number }} options
 */
export async function nothingLost(engine, { seed, operations }) {
  const random = seededRandom(seed);
  const service = await new FaultProxy(engine, random).start();
  const network = await new ChaosProxy(service.endpoint, () => fate(random)).start();
  const table = `nothing-lost-${seed}-${process.pid}`;
  await createTable(engine, table);
  for (const key of neighbours) {
    const Item = { key: { S: key }, value: { S: textOf(1, 20) } };
    await raw(engine, "PutItem", { TableName: table, Item });
  }
  const journal = new Journal();
  let kills = 0;
  try {
    while (journal.operations < operations) {
      const left = operations - journal.operations;
      const { endpoint } = network;
      const given = { endpoint, table, seed, first: journal.first, operations: left, lanes };
      const until = network.bytes + random() * 2 * bytesPerLife;
      const isKilled = await live(given, journal, (kill) => {
        network.onBytes = (bytes) => void (bytes >= until && kill());
      });
      kills += Number(isKilled);
      // Waits until no request is in flight.
      while (network.open > 0 || service.inFlight > 0) await sleep(10);
      journal.compare(await allRows(engine, table));
    }
    const { problems, compared } = journal.ledger;
    return {
      seed,
      operations: journal.operations,
      outcomes: journal.outcomes,
      faults: { ...service.faults, connection: network.faults },
      kills,
      compared,
      lost: problems.length,
      problems: problems.slice(0, 20),
    };
  } finally {
    await network.stop();
    service.stop();
    await raw(engine, "DeleteTable", { TableName: table });
  }
}

/**
 * A quarter of the connections are delayed, and a quarter are cut after the size of a few requests.
 *
 * @param {() => number} random
 * @returns {import("./chaos.mjs").Fate}
 */
export function fate(random) {
  const latency = random() < 0.25 ? random() * 20 : 0;
  if (random() < 0.75) return { latency };
  const direction = random() < 0.5 ? "requestBytes" : "responseBytes";
  const bytes = Math.floor(random() * 40_000);
  return { latency, [direction]: bytes, end: random() < 0.8 ? "reset" : "close" };
}

/**
 * Runs one client until it is done or killed.
 *
 * @param {object} given
 * @param {Journal} journal
 * @param {(kill: () => void) => void} onStart
 * @returns {Promise<boolean>} whether it was killed
 */
async function live(given, journal, onStart) {
  const child = spawn(process.execPath, [client, JSON.stringify(given)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: "true" },
  });
  const exited = once(child, "exit");
  onStart(() => child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    // Only the last line can be truncated, and its operation had not started.
    if (line.endsWith("}")) journal.hear(JSON.parse(line));
  }
  const [code, signal] = await exited;
  if (code !== 0 && signal !== "SIGKILL")
    throw new Error(`the client ended with ${code ?? signal}`);
  return signal === "SIGKILL";
}

/** The reports of the clients. */
class Journal {
  operations = 0;
  /** The first ID of the next client. */
  first = 0;
  ledger = new Ledger();
  /** Numbers of resolved, rejected (by code) and unknown operations. @type {{ [outcome: string]: number }} */
  outcomes = { resolved: 0, unknown: 0 };
  /** @type {Map<number, any>} reported operations that have not ended */
  #begun = new Map();

  /** @param {string} outcome */
  #count(outcome, by = 1) {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + by;
  }

  /** @param {any} line of a client */
  hear(line) {
    const ids = (line.writes ?? []).map((/** @type {[string, number]} */ [, state]) => state);
    this.first = Math.max(this.first, line.end ?? line.operation, ...ids);
    if (line.end !== undefined) return;
    const begun = this.#begun.get(line.operation);
    if (!begun) {
      this.operations += 1;
      const [[key] = [""]] = line.writes ?? [];
      this.#begun.set(line.operation, { ...line, before: this.ledger.possible(key) });
      // Unknown until its result is reported.
      this.#apply(line, () => false);
      return;
    }
    this.#begun.delete(line.operation);
    this.#count(line.resolved ? "resolved" : line.code);
    this.#apply(begun, (key) => line.resolved || (line.keys && !line.keys.includes(key)));
    const isMismatch = line.code === "ERR_CAS_MISMATCH";
    if (begun.needs && (line.resolved || isMismatch)) {
      const [[key]] = begun.writes;
      this.ledger.condition(key, begun.before, begun.needs, line.resolved);
    }
    for (const [key, state] of line.saw ?? []) this.ledger.saw(key, state ?? undefined);
    if (line.listed) this.ledger.listed(line.base, line.listed);
  }

  /** @param {any} line @param {(key: string) => boolean} isDone */
  #apply({ writes = [], clears }, isDone) {
    // If a key occurs several times, the last write counts.
    for (const [key, state] of new Map(writes)) this.ledger.write(key, state, isDone(key));
    if (clears !== undefined) this.ledger.clear(clears, isDone(clears));
  }

  /** @param {Map<string, any>} rows of the table */
  compare(rows) {
    this.#count("unknown", this.#begun.size);
    this.#begun.clear();
    for (const key of neighbours) {
      if (rows.get(key)?.value.S !== textOf(1, 20)) {
        this.ledger.problems.push(`${key}: changed, though outside every base`);
      }
      rows.delete(key);
    }
    this.ledger.compare(rows);
  }
}
