// The table: whether DynamoDB accepts the credentials, and whether key, TTL and index fit. The driver needs no
// permission for this, so a denial only leaves these checks open.
import { LOST } from "./network.mjs";
import { failed, failureOf, ok, skipped } from "./result.mjs";
import { ttlOf } from "./options.mjs";

/** @typedef {import("./doctor.mjs").Session} Session */

const DENIED = "ERR_DYNAMODB_ACCESS_DENIED";

/** @param {string} action */
const unknown = (action) =>
  skipped(
    `not known: the credentials may not call dynamodb:${action}, which the driver itself does not need`,
  );

/** @param {Session} session */
async function access(session) {
  const { error } = await session.firstAnswer();
  const isRejected = error?.code === "ERR_DYNAMODB_CREDENTIALS" || LOST.test(error?.code);
  return isRejected ? failureOf(error) : ok("DynamoDB accepts the credentials");
}

/** @param {Session} session */
async function table(session) {
  const { error, facts } = await session.firstAnswer();
  if (error?.code === DENIED) return unknown("DescribeTable");
  if (error) return failureOf(error);
  session.table = facts;
  const { state, arn } = facts;
  if (state === "missing") {
    const message = "the table does not exist in this region and account";
    return failureOf({ code: "ERR_DYNAMODB_TABLE_NOT_FOUND", message });
  }
  if (state !== "ready") return failed(state, "wait, and try again");
  const [, , , , account] = arn?.split(":") ?? [];
  return ok(account ? `exists, in account ${account}` : "exists");
}

/** @param {Session} session */
function key(session) {
  if (!session.table) return unknown("DescribeTable");
  const { keyDifference: message } = session.table;
  if (message) return failureOf({ code: "ERR_DYNAMODB_SCHEMA_MISMATCH", message });
  return ok(`one partition key, "${session.given["key-attribute"] || "key"}", of type String`);
}

/** @param {Session} session */
async function ttl({ native, given }) {
  const name = ttlOf(given);
  const enable = `enable TTL for "${name}", as \`npx unstorage-dynamodb create-table\` does`;
  try {
    const { state, attribute } = await native.inspect("timeToLive");
    if (state === "on") return ok(`enabled for "${name}"`);
    if (state === "off") return failed("disabled: DynamoDB deletes no expired items", enable);
    if (state === "turningOff") return failed("being disabled", `in an hour, ${enable}`);
    return failed(
      `enabled for "${attribute}", not for "${name}": DynamoDB deletes no expired items`,
      `pass --ttl-attribute ${attribute} (the driver's attributes.ttl), or disable TTL, wait an hour, and ${enable}`,
    );
  } catch (error) {
    if (error.code === DENIED) return unknown("DescribeTimeToLive");
    if (error.name === "UnknownOperationException") return skipped("the endpoint has no TTL");
    throw error;
  }
}

/** @param {Session} session */
function index({ table: facts, given }) {
  if (!given.index) return skipped("none is configured");
  if (!facts) return unknown("DescribeTable");
  const name = `"${given.index}"`;
  if (facts.index === "missing") {
    return failed(`the table has no index ${name}`, `add it: ${facts.indexCommand}`);
  }
  if (facts.indexDifference) {
    return failed(
      `of the index ${name}, ${facts.indexDifference}`,
      "create another index with `aws dynamodb update-table` (docs/guide/permissions.md), and pass its name",
    );
  }
  if (facts.index !== "ready") return failed(`${name} is ${facts.index}`, "wait, and try again");
  return ok(`${name} has the table's key and the expiry`);
}

/** @type {import("./doctor.mjs").Check[]} */
export const tableChecks = [
  { name: "access", essential: true, run: access },
  { name: "table", essential: true, run: table },
  { name: "key", essential: true, run: key },
  { name: "ttl", run: ttl },
  { name: "index", run: index },
];
