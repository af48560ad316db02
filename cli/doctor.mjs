// `doctor`: runs all checks in order. What follows a failed essential check is not run, because it would fail as well.
import { randomUUID } from "node:crypto";

import { loadAddon, platformTag } from "./addon.mjs";
import { network } from "./network.mjs";
import { optionsOf, settingsOf } from "./options.mjs";
import { requestChecks } from "./requests.mjs";
import { failureOf, ok, skipped } from "./result.mjs";
import { tableChecks } from "./table.mjs";

/** @typedef {import("./result.mjs").Result} Result */
/** @typedef {import("./result.mjs").NamedResult} NamedResult */

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {boolean} [essential] whether nothing else works if it fails
 * @property {(session: Session) => Result | Promise<Result>} run errors of the addon may be thrown
 */

/** What checks leave to those that follow. */
export class Session {
  /** The addon. @type {any} */
  addon;
  /** The addon's driver. @type {any} */
  native;
  /** The endpoint that options, environment or profile name. @type {string | undefined} */
  endpoint;
  /** The endpoint. Set with the credentials, which may decide about it. @type {URL} */
  url = new URL("https://unknown.invalid");
  /**
   * What a connection without the driver showed. Times are in milliseconds.
   *
   * @type {{ asked?: number, answered?: number, date?: number, protocol?: string, until?: string }}
   */
  seen = {};
  /** What DescribeTable told. @type {Record<string, string> | undefined} */
  table;
  /** The names of failed checks. @type {Set<string>} */
  failures = new Set();
  keys = ["a", "b"].map((end) => `unstorage-dynamodb-doctor:${randomUUID()}:${end}`);
  /** @type {Promise<{ error?: any, facts?: any }> | undefined} */
  #first;

  /** @param {import("./options.mjs").Given} given */
  constructor(given) {
    this.given = given;
  }

  get proxied() {
    return !["", "false"].includes((this.given.proxy ?? "").toLowerCase());
  }

  /** The first request, whose outcome several checks read. */
  firstAnswer() {
    this.#first ??= this.native.inspect("table").then(
      (/** @type {any} */ facts) => ({ facts }),
      (/** @type {any} */ error) => ({ error }),
    );
    return /** @type {Promise<{ error?: any, facts?: any }>} */ (this.#first);
  }
}

/** @type {Check[]} */
const CHECKS = [
  {
    name: "addon",
    essential: true,
    run(session) {
      session.addon = loadAddon();
      return ok(`${session.addon.VERSION} for ${platformTag()}, on Node ${process.version}`);
    },
  },
  {
    name: "options",
    essential: true,
    async run(session) {
      const { addon, given } = session;
      session.native = addon.dynamoDbCacheDriver(optionsOf(given), process.env);
      const found = await session.native.inspect("settings");
      session.endpoint = found.endpoint;
      return ok("valid", { options: settingsOf(given, found) });
    },
  },
  {
    name: "credentials",
    essential: true,
    async run(session) {
      const { source, account, authority } = await session.native.inspect("credentials");
      session.url = new URL(session.endpoint ?? `https://${authority}`);
      return ok(`from ${source}${account ? `, of account ${account}` : ""}`);
    },
  },
  ...network,
  ...tableChecks,
  ...requestChecks,
];

/**
 * @param {import("./options.mjs").Given} given
 * @param {(result: NamedResult) => void} report called as soon as a check ends
 * @returns {Promise<NamedResult[]>}
 */
export async function doctor(given, report) {
  const session = new Session(given);
  const results = [];
  let broken = "";
  for (const { name, essential, run } of CHECKS) {
    const result = {
      name,
      ...(broken ? skipped(`not checked, because of ${broken}`) : await attempt(run, session)),
    };
    if (result.state === "failed") {
      session.failures.add(name);
      if (essential) broken = name;
    }
    results.push(result);
    report(result);
  }
  await session.native?.dispose();
  return results;
}

/** @param {Check["run"]} run @param {Session} session @returns {Promise<Result>} */
async function attempt(run, session) {
  try {
    return await run(session);
  } catch (error) {
    return failureOf(error);
  }
}
