// `create-table`: the function `createTable`, with the options of the command line.
import { loadAddon } from "./addon.mjs";
import { optionsOf, tableOf, ttlOf } from "./options.mjs";
import { failureOf, ok, skipped } from "./result.mjs";

/** @type {typeof import("./doctor.mjs").doctor} */
export async function createTable(given, report) {
  /** @type {import("./result.mjs").NamedResult[]} */
  const results = [];
  /** @param {string} name @param {import("./result.mjs").Result} result */
  const add = (name, result) => {
    results.push({ name, ...result });
    report({ name, ...result });
  };
  try {
    const made = await loadAddon().createTable(optionsOf(given), process.env);
    const { created, indexReady } = made;
    add("table", ok(`"${tableOf(given)}" ${created ? "was created" : "exists already"}`));
    add("ttl", ok(`enabled for "${ttlOf(given)}"`));
    if (indexReady === true) add("index", ok(`"${given.index}" can be read`));
    if (indexReady === false) add("index", skipped(`DynamoDB is still building "${given.index}"`));
  } catch (error) {
    add("table", failureOf(error));
  }
  return results;
}
