// A process of the contention test. It runs the documented lock, limiter and counter, and conditional writes of its own,
// against other processes, and reports every step as a line on stdout before it takes the next one. It may be killed.
//
// node contender.mjs '{ examples, who, seed, rounds, workers, ttl, limit }', with EXAMPLE_OPTIONS
import { setTimeout as sleep } from "node:timers/promises";

import dynamoDbCacheDriver from "../../../index.mjs";
import { seededRandom } from "../../../scripts/lib/random.mjs";

const { examples, who, seed, rounds, workers, ttl, limit } = JSON.parse(process.argv[2] ?? "{}");
const example = (/** @type {string} */ name) => import(`${examples}/${name}.mjs`);
const [{ withLock }, { admit }, { increment }] = await Promise.all(
  ["tryLock", "admit", "increment"].map(example),
);
const options = JSON.parse(process.env.EXAMPLE_OPTIONS ?? "{}");
const random = seededRandom(seed);
const below = (/** @type {number} */ count) => Math.floor(random() * count);
let calls = 0;

const tell = (/** @type {object} */ line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/**
 * Reports a call before it is made, and its result.
 *
 * @param {object} what
 * @param {(call: string) => Promise<object>} run
 */
async function attempt(what, run) {
  const call = `${who}.${(calls += 1)}`;
  tell({ call, ...what });
  try {
    tell({ call, ...(await run(call)), outcome: "resolved" });
    return true;
  } catch (error) {
    tell({ call, outcome: error.code ?? String(error) });
    return false;
  }
}

/** The times are those of one clock: the machine's. */
const hold = () =>
  attempt({ kind: "lock" }, async (call) => {
    await withLock("lock", ttl, async (/** @type {{ until: number }} */ { until }) => {
      tell({ call, from: Date.now(), until });
      const end = Math.min(until, Date.now() + below(40));
      do await sleep(below(10));
      while (Date.now() < end);
      tell({ call, to: Date.now() });
    });
    return {};
  });

const count = () =>
  attempt({ kind: "counter" }, async () => ({
    // The time is only a limit for a test that fails.
    number: await increment("counter", AbortSignal.timeout(300_000)),
  }));

const limited = () =>
  attempt({ kind: "limiter" }, async () => ({ admitted: await admit("limiter", limit, 1e6) }));

// One driver with few attempts, so that more outcomes are unknown.
const drivers = [2, 4].map((maxAttempts) =>
  dynamoDbCacheDriver({ ...options, attributes: { etag: "etag" }, maxAttempts }),
);

/** One conditional write or removal. The value is the call, which identifies the write in the history. */
async function swap() {
  const driver = drivers[below(2)] ?? drivers[0];
  const key = `swap:${below(3)}`;
  const seen = (await driver?.getMeta(key, { consistentRead: true }).catch(() => null))?.etag;
  const etag = seen ?? "none";
  const removes = random() < 0.2;
  const conditions = [
    { ifMatch: etag },
    { ifMatch: etag },
    ...(removes ? [] : [{ ifNoneMatch: "*" }, { ifMatch: "*" }, { ifNoneMatch: etag }]),
  ];
  const condition = /** @type {{ ifMatch: string }} */ (conditions[below(conditions.length)]);
  await attempt({ kind: removes ? "remove" : "swap", key, ...condition }, async (call) => {
    if (removes) await driver?.removeItem(key, condition);
    else return (await driver?.setItem(key, call, condition)) ?? {};
    return {};
  });
}

/** @type {Record<string, () => Promise<unknown>>} */
const kinds = { lock: hold, counter: count, limiter: limited, swap };
await Promise.all(
  Object.entries(kinds).flatMap(([kind, run]) =>
    Array.from({ length: workers[kind] ?? 0 }, async () => {
      for (let round = 0; round < rounds; round += 1) await run();
    }),
  ),
);
