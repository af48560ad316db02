// The checks of every framework app: HTTP requests, and the rows of its table.
import { readFileSync } from "node:fs";

import { ask } from "../../../scripts/lib/listen.mjs";
import { checkTtl } from "./table.mjs";
import { filesIn } from "./workspace.mjs";

/** @typedef {import("./table.mjs").Table} Table */
/** @typedef {import("./contracts.mjs").Contract} Contract */

/** @param {string} url @param {string} path */
async function json(url, path) {
  const { status, text } = await ask(`${url}${path}`);
  if (status !== 200) {
    throw new Error(`${path} answered ${status}: ${text.slice(0, 500)}`);
  }
  return JSON.parse(text);
}

/** @param {unknown} actual @param {unknown} expected @param {string} what */
export function same(actual, expected, what) {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) {
    throw new Error(`${what}: ${found} in place of ${wanted}`);
  }
}

/** @param {string} url @param {Contract} contract */
const stamp = async (url, { path, stamp: pick }) => pick(await json(url, path("Lima")));

/** @param {string} url @param {Contract} contract @param {Table} table */
export async function checkCached(url, contract, table) {
  const first = await stamp(url, contract);
  const row = await table.row(contract.row("Lima"));
  if (!row.value.includes(String(first))) {
    throw new Error(`the row "${row.key}" does not hold what was answered: ${row.value}`);
  }
  same(await stamp(url, contract), first, "the second answer was computed again");
}

/** @param {string} url @param {Contract} contract @param {Table} table */
export async function checkTtls(url, contract, table) {
  checkTtl(await table.row(contract.row("Lima")), contract.ttl);
  if (contract.hasSessions) {
    await json(url, "/cached?id=Lima&swr=1");
    // The framework sets no TTL, so the mount's `expireIn` applies.
    checkTtl(await table.row(/^cache:.*swr.*:Lima/), 86_400);
    await json(url, "/store?key=visits:bob&value=1&ttl=120");
    checkTtl(await table.row(/^sessions:visits:bob$/), 120);
  }
}

/** @param {string} url @param {Table} table */
export async function checkKeys(url, table) {
  const { value, keys } = await json(url, "/store?key=visits:ada&value=seen&ttl=60");
  same(value, "seen", "the value read back");
  // Excludes the cache, which uses another base in the same table.
  same(keys.sort(), ["visits:ada", "visits:bob"], "keys of the mount");
  const { value: stored } = await table.row(/^sessions:visits:ada$/);
  same(stored, "seen", "the row's value");
}

/**
 * Tests the recipe of docs/guide/recipes.md: one route of `routeRules`, then all.
 *
 * @param {string} url
 * @param {Table} table
 */
export async function checkPurged(url, table) {
  const page = async (/** @type {string} */ name) => {
    const { nonce } = await json(url, `/page/${name}`);
    await table.row(new RegExp(`^cache:.*nitro:routes:_:page${name}\\.`));
    return nonce;
  };
  const [oslo, lima] = [await page("Oslo"), await page("Lima")];
  same([await page("Oslo"), await page("Lima")], [oslo, lima], "the cached pages");
  await json(url, "/purge?path=/page/Oslo");
  same((await page("Oslo")) === oslo, false, "the purged page is still cached");
  same(await page("Lima"), lima, "the page that was not purged");
  await json(url, "/purge");
  same((await page("Lima")) === lima, false, "a page is still cached after purging all");
}

/** Nuxt caches the payload of a page as a separate route. @param {string} url @param {Table} table */
export async function checkPurgedPayload(url, table) {
  const patterns = [
    /^cache:.*nitro:routes:_:renderedOslo\./,
    /^cache:.*nitro:routes:_:renderedOslo_pay\./,
  ];
  const { text } = await ask(`${url}/rendered/Oslo`);
  const payload = /\/rendered\/Oslo\/_payload\.json[^"]*/.exec(text)?.[0];
  await ask(`${url}${payload}`);
  await Promise.all(patterns.map((pattern) => table.row(pattern)));
  await json(url, "/purge?path=/rendered/Oslo");
  const left = (await table.rows()).filter(({ key }) => patterns.some((one) => one.test(key)));
  same(left, [], "what the purge of a page left");
}

/** A new process has an empty memory cache. @param {string} url @param {Contract} contract @param {Table} table */
export async function checkRestarted(url, contract, table) {
  const { value } = await table.row(contract.row("Lima"));
  const answered = await stamp(url, contract);
  if (!value.includes(String(answered))) {
    throw new Error(`computed again (${answered}), though the table holds ${value}`);
  }
}

/** @param {string} url @param {Contract} contract */
export async function checkBroken(url, contract) {
  const answers = new Set();
  for (let round = 0; round < 3; round += 1) {
    answers.add(await stamp(url, contract));
  }
  same(answers.size, 3, "computed answers of three, with nothing to cache them");
}

/** The page of examples/nuxt is still rendered. @param {string} url */
export async function checkBrokenPage(url) {
  const { text } = await ask(url);
  same(text.includes('data-test="problem"'), true, "whether the page reports the problem");
  same(text.includes('data-test="cache"'), true, "whether the page is complete");
}

/** @param {string} folder @param {string} secret */
export function checkSecrets(folder, secret) {
  for (const file of filesIn(folder)) {
    if (readFileSync(file).includes(secret)) {
      throw new Error(`${file} holds a variable of the machine that built it`);
    }
  }
}
