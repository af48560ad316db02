// Demonstrates the driver. Every printed line is code that ran, and its result was verified.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { createStorage } from "unstorage";
import dynamoDbCacheDriver, { createTable, DynamoDbError } from "unstorage-dynamodb";

import { bold, dim, green } from "./lib/steps.mjs";

/** @param {string} title */
const chapter = (title) => console.log(`\n${bold(title)}`);

/** @param {() => unknown} call */
const codeOf = (call) =>
  String(call)
    .replace(/^\(\) => /, "")
    .replaceAll(/\s+/g, " ");

/** Runs and prints a call without showing its result. @param {() => Promise<unknown>} call */
async function run(call) {
  await call();
  console.log(`  await ${codeOf(call)}`);
}

/**
 * Runs a call and prints its result. Fails if the result is not the expected one.
 *
 * @param {() => unknown} call
 * @param {unknown} expected
 */
async function show(call, expected) {
  const result = call();
  const code = `${result instanceof Promise ? "await " : ""}${codeOf(call)}`;
  const found = await result;
  const actual = Array.isArray(found) ? found.sort() : found;
  assert.deepEqual(actual, expected, `${code} gave ${inspect(actual)}, not ${inspect(expected)}`);
  console.log(`  ${code} ${dim("→")} ${green(inspect(actual))}`);
}

/** @param {Required<Pick<import("unstorage-dynamodb").DynamoDbDriverOptions, "table" | "endpoint" | "region" | "credentials">>} options */
export async function tellStory(options) {
  const { table, region } = options;
  chapter("Make the table");
  console.log(`  const options = { table: "${table}", endpoint: "${options.endpoint}", … }`);
  await show(() => createTable(options), { created: true });
  await show(() => createTable(options), { created: false });

  const driver = dynamoDbCacheDriver(options);
  const storage = createStorage({ driver });

  chapter("Write and read back");
  await run(() => storage.setItem("users:ada", { name: "Ada", born: 1815 }));
  await show(() => storage.getItem("users:ada"), { name: "Ada", born: 1815 });
  await show(() => storage.hasItem("users:bob"), false);
  await show(() => storage.getItem("users:bob"), null);

  chapter("An item that expires");
  await run(() => storage.setItem("token", "for a second", { ttl: 1 }));
  await show(() => storage.getItem("token"), "for a second");
  // DynamoDB's expiry has a resolution of whole seconds, so an item with a TTL of one second expires within one to
  // three seconds.
  const start = performance.now();
  while ((await storage.hasItem("token")) && performance.now() - start < 5000) {
    await sleep(100);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const reason = "DynamoDB itself deletes within days, the driver hides it at once";
  console.log(dim(`  // ${seconds} s later: ${reason}`));
  await show(() => storage.getItem("token"), null);
  await show(() => storage.getKeys("token"), []);

  chapter("Keys under a base");
  await run(() => storage.setItem("pages:home", "<h1>Home</h1>"));
  await run(() => storage.setItem("pages:blog:1", "<h1>First post</h1>"));
  await run(() => storage.setItem("pagesetup", "A4"));
  await show(() => storage.getKeys("pages"), ["pages:blog:1", "pages:home"]);
  await show(() => storage.getKeys("pages", { maxDepth: 1 }), ["pages:home"]);

  chapter("Clear that base, and nothing else");
  await run(() => driver.clear("pages:"));
  await show(() => storage.getKeys("pages"), []);
  await show(() => storage.getKeys(), ["pagesetup", "users:ada"]);

  chapter("A bad option says what is wrong");
  console.log(`  const mistaken = dynamoDbCacheDriver({ table: "${table}", expireIn: -5 })`);
  const mistaken = dynamoDbCacheDriver({ table, region, expireIn: -5 });
  const error = await Promise.resolve(mistaken.getItem("users:ada")).catch((thrown) => thrown);
  await show(() => error instanceof DynamoDbError, true);
  assert.match(error.message, /^\[unstorage\] \[aws-dynamodb\] .*expireIn/s);
  console.log(`  error.message ${dim("→")} ${green(inspect(error.message))}`);

  await storage.dispose();
}
