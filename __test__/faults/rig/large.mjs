// Three processes write large and small values under the same keys while network and service fail. One of them is killed
// again and again. After each kill, the table is compared with what they may have stored, and its orphans are swept.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { seededRandom } from "../../../scripts/lib/random.mjs";
import { allRows, createTable, raw } from "../../../scripts/lib/table.mjs";
import { ChaosProxy } from "./chaos.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { History } from "./history.mjs";
import { writeOf } from "./ledger.mjs";

/** @typedef {Map<string, Record<string, any>>} Rows */
/** @typedef {Map<string, number | undefined>} States */

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const keys = ["a", "b", "c:d", "c:d:e"];
const [processes, lanes] = [3, 2];
/** The average number of bytes between two kills: some hundred operations. */
const bytesPerLife = 40_000_000;
const now = () => Number(process.hrtime.bigint() / 1000n);

/**
 * @param {string} engine the endpoint of a real engine
 * @param {{ seed: number, operations: number }} options
 */
export async function largeValues(engine, { seed, operations }) {
  const random = seededRandom(seed);
  const service = await new FaultProxy(engine, random).start();
  const network = await new ChaosProxy(service.endpoint, () => fate(random)).start();
  const table = `large-${seed}-${process.pid}`;
  await createTable(engine, table);
  const journal = new Journal();
  const { history } = journal;
  const orphans = { left: 0, mostPerKill: 0, swept: 0 };
  let kills = 0;
  try {
    while (journal.operations < operations) {
      const given = {
        endpoint: network.endpoint,
        table,
        seed,
        step: processes,
        operations: Math.ceil((operations - journal.operations) / processes),
        lanes,
        keys,
      };
      const until = network.bytes + random() * 2 * bytesPerLife;
      const victim = Math.floor(random() * processes);
      const ended = await live(given, journal, (clients) => {
        network.onBytes = (bytes) => {
          if (bytes < until) return;
          network.onBytes = () => {};
          clients.forEach((client, nth) =>
            nth === victim ? client.kill("SIGKILL") : client.stdin?.end(),
          );
        };
      });
      kills += ended.filter(Boolean).length;
      while (network.open > 0 || service.inFlight > 0) await sleep(10);

      const rows = await allRows(engine, table);
      const found = contents(rows);
      history.problems.push(...found.problems);
      history.compare(found.states, now());
      journal.forget();
      orphans.left += found.orphans;
      orphans.mostPerKill = Math.max(orphans.mostPerKill, found.orphans);
      orphans.swept += await sweep(engine, table);
      const swept = contents(await allRows(engine, table));
      if (swept.orphans > 0) history.problems.push(`${swept.orphans} orphans after a sweep`);
      history.problems.push(...swept.problems);
      history.compare(swept.states, now());
    }
    const { problems, torn, compared } = history;
    return {
      seed,
      operations: journal.operations,
      large: journal.large,
      outcomes: journal.outcomes,
      faults: { ...service.faults, connection: network.faults },
      kills,
      orphans,
      compared,
      torn,
      lost: problems.length - torn,
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
function fate(random) {
  const latency = random() < 0.25 ? random() * 20 : 0;
  if (random() < 0.75) return { latency };
  const direction = random() < 0.5 ? "requestBytes" : "responseBytes";
  const bytes = Math.floor(random() * 2_000_000);
  return { latency, [direction]: bytes, end: random() < 0.8 ? "reset" : "close" };
}

/**
 * Removes orphans as a process two hours later would.
 *
 * @param {string} endpoint
 * @param {string} table
 * @returns {Promise<number>}
 */
async function sweep(endpoint, table) {
  const given = JSON.stringify({ endpoint, table });
  const env = { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: "true" };
  const command = ["-f", "+2h", process.execPath, script("./large-sweep.mjs"), given];
  const { stdout } = await promisify(execFile)("faketime", command, { env });
  return Number(stdout);
}

/**
 * What the table contains, read without the driver: the write that stored each value, and the number of orphans.
 *
 * @param {Rows} rows
 */
function contents(rows) {
  /** @type {States} */
  const states = new Map();
  /** @type {string[]} */
  const problems = [];
  let chunks = 0;
  let named = 0;
  for (const [key, row] of rows) {
    if (key.includes("\0")) {
      chunks += 1;
      continue;
    }
    let text = row.value.S ?? Buffer.from(row.value.B, "base64").toString();
    if (row.enc?.S === "ch1") {
      const manifest = JSON.parse(text);
      const parts = Array.from({ length: manifest.chunks }, (_, nth) =>
        rows.get(`${key}\0${manifest.id}.${nth}`),
      );
      named += parts.filter(Boolean).length;
      if (parts.some((part) => !part)) problems.push(`${key}: names a chunk that does not exist`);
      const bytes = parts.map((part) => Buffer.from(part?.value.B ?? "", "base64"));
      text = Buffer.concat(bytes).toString();
    }
    const state = writeOf(text);
    const hasExpiry = state !== undefined && state % 2 === 0;
    states.set(key, hasExpiry === "ttl" in row ? state : undefined);
  }
  return { states, problems, orphans: chunks - named };
}

/**
 * Runs the clients until they are done or one is killed.
 *
 * @param {object} given
 * @param {Journal} journal
 * @param {(clients: import("node:child_process").ChildProcess[]) => void} onStart
 * @returns {Promise<boolean[]>} whether each was killed
 */
function live(given, journal, onStart) {
  const clients = Array.from({ length: processes }, (_, nth) => {
    const parameters = JSON.stringify({ ...given, first: journal.first + nth });
    return spawn(process.execPath, [script("./large-lanes.mjs"), parameters], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: "true" },
    });
  });
  onStart(clients);
  return Promise.all(
    clients.map(async (client) => {
      const exited = once(client, "exit");
      for await (const line of createInterface({ input: client.stdout })) {
        // Only the last line can be truncated, and its operation had not started.
        if (line.endsWith("}")) journal.hear(JSON.parse(line));
      }
      const [code, signal] = await exited;
      if (code !== 0 && signal !== "SIGKILL") {
        throw new Error(`a client ended with ${code ?? signal}`);
      }
      return signal === "SIGKILL";
    }),
  );
}

/** The reports of the clients. */
class Journal {
  operations = 0;
  /** Writes of large values that have begun. */
  large = 0;
  /** Above every ID so far, and a multiple of the number of processes. */
  first = processes;
  history = new History(keys);
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
    const begun = this.#begun.get(line.operation);
    if (!begun) {
      this.operations += 1;
      this.large += line.large ?? 0;
      const pairs = /** @type {[string, number][]} */ (line.writes ?? []);
      const last = Math.max(line.operation, ...pairs.map(([, state]) => state));
      this.first = Math.max(this.first, (Math.floor(last / processes) + 2) * processes);
      // If a key occurs several times, the last write counts.
      const writes = [...new Map(pairs)].map(([key, state]) => ({
        key,
        write: this.history.begin(key, state, line.at),
      }));
      this.#begun.set(line.operation, { ...line, writes });
      return;
    }
    this.#begun.delete(line.operation);
    this.#count(line.resolved ? "resolved" : line.code);
    if (line.code === "ERR_DYNAMODB_FORMAT")
      this.history.problems.push(`unreadable: ${JSON.stringify(begun)}`);
    for (const { key, write } of begun.writes) {
      if (line.code === "ERR_CAS_MISMATCH") this.history.undo(key, write);
      else if (line.resolved || (line.keys && !line.keys.includes(key))) write.to = line.at;
    }
    for (const [key, state] of line.saw ?? []) {
      // JSON has no undefined.
      this.history.saw({ key, state: state ?? undefined, from: begun.at, to: line.at });
    }
  }

  /** Counts the operations whose client was killed. */
  forget() {
    this.#count("unknown", this.#begun.size);
    this.#begun.clear();
  }
}
