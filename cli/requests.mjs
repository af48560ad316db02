// Real requests, for rows under a key prefix of their own: each permission, a consistent read, latency and cost.
import { randomUUID } from "node:crypto";

import { failed, failureOf, ok, skipped } from "./result.mjs";

/** @typedef {import("./doctor.mjs").Session} Session */
/** @typedef {import("./doctor.mjs").Check} Check */

const READS = 20;

/** The rows expire by themselves if they cannot be removed. */
const LIFETIME = { ttl: 3600 };

const consistently = { consistentRead: true };

/**
 * @param {string} name of the action
 * @param {(session: Session) => Promise<unknown>} request
 * @returns {Check}
 */
const permission = (name, request) => ({
  name,
  async run(session) {
    await request(session);
    return ok("allowed");
  },
});

/**
 * A batch action, which the driver replaces by single requests if it is denied.
 *
 * @param {string} name
 * @param {(session: Session) => Promise<unknown>} request
 * @returns {Check}
 */
const batch = (name, request) => ({
  name,
  async run(session) {
    await request(session);
    const { [name]: state } = await session.native.inspect("batches");
    if (state === "allowed") return ok("allowed");
    const cure = `allow dynamodb:${name}, which is faster, or set the option \`batch\` to false`;
    return skipped("denied, but not needed: the driver sends single requests instead", cure);
  },
});

/** @param {Session} session */
async function readAfterWrite({ native, keys: [key], failures }) {
  const needed = ["GetItem", "PutItem"].filter((name) => failures.has(name));
  if (needed.length > 0) return skipped(`needs ${needed.join(" and ")}`);
  const written = randomUUID();
  await native.setItem(key, written, LIFETIME);
  if ((await native.getItem(key, consistently)) === written) {
    return ok("a consistent read returns what was just written");
  }
  return failed(
    "a consistent read did not return what was just written",
    "look for another writer of the same keys, or a cache in front of the endpoint",
  );
}

/** @param {Session} session */
async function latency({ native, keys: [key], failures }) {
  if (failures.has("GetItem")) return skipped("needs GetItem");
  const times = [];
  for (let read = 0; read < READS; read += 1) {
    const start = performance.now();
    await native.getItem(key);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const [p50, max] = [times[READS / 2 - 1], times[READS - 1]].map((time) =>
    Number(time?.toFixed(2)),
  );
  return ok(`${READS} reads: p50 ${p50} ms, max ${max} ms`, {
    figures: { p50: p50 ?? 0, max: max ?? 0 },
  });
}

/** @param {Session} session */
async function remove({ native, keys, failures }) {
  try {
    for (const key of keys) await native.removeItem(key);
  } catch (error) {
    const { cure, ...failure } = failureOf(error);
    const left = `the rows of this check, whose keys begin with "${keys[0]}", expire in an hour`;
    return { ...failure, cure: cure ? `${cure}; ${left}` : left };
  }
  if (!failures.has("GetItem") && (await native.hasItem(keys[0], consistently))) {
    return failed(`"${keys[0]}" was removed and is still there`, "look for another writer");
  }
  return ok("allowed; the rows of this check are removed");
}

/** @param {Session} session */
function units({ native }) {
  const { readUnits, writeUnits, requests } = native.getInstance().stats();
  const figures = { readUnits, writeUnits, requests };
  return ok(`${readUnits} read and ${writeUnits} write units, in ${requests} requests`, {
    figures,
  });
}

/** @type {Check[]} */
export const requestChecks = [
  permission("GetItem", ({ native, keys }) => native.getItem(keys[0])),
  permission("PutItem", ({ native, keys }) => native.setItem(keys[0], "doctor", LIFETIME)),
  batch("BatchGetItem", ({ native, keys }) => native.getItems(keys)),
  batch("BatchWriteItem", ({ native, keys }) =>
    native.setItems(
      keys.map((key) => ({ key, value: "doctor" })),
      LIFETIME,
    ),
  ),
  permission("Scan", ({ native }) => native.inspect("scan")),
  {
    name: "Scan of index",
    async run({ native, given }) {
      if (!given.index) return skipped("none is configured");
      await native.inspect("index");
      return ok("allowed");
    },
  },
  { name: "read after write", run: readAfterWrite },
  { name: "latency", run: latency },
  { name: "DeleteItem", run: remove },
  { name: "units", run: units },
];
