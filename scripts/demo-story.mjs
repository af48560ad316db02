// What the driver does, in the order in which one meets it. Every line that the demo prints is checked first.
import { setTimeout as sleep } from "node:timers/promises";

import { createStorage } from "unstorage";
import dynamoDbCacheDriver, { createTable, DynamoDbError } from "unstorage-dynamodb";

import { chapter, code, expect, expectMatch } from "./lib/narrator.mjs";

/** @param {Required<Pick<import("unstorage-dynamodb").DynamoDbDriverOptions, "table" | "endpoint" | "region" | "credentials">>} options */
export async function tellStory(options) {
  const { table, region } = options;
  chapter("Make the table");
  code(`const options = { table: "${table}", endpoint: "${options.endpoint}", … }`);
  expect(`await createTable(options)`, await createTable(options), { created: true });
  expect(`await createTable(options)`, await createTable(options), { created: false });

  const driver = dynamoDbCacheDriver(options);
  const storage = createStorage({ driver });

  chapter("Write and read back");
  await storage.setItem("users:ada", { name: "Ada", born: 1815 });
  code(`await storage.setItem("users:ada", { name: "Ada", born: 1815 })`);
  expect(`await storage.getItem("users:ada")`, await storage.getItem("users:ada"), {
    name: "Ada",
    born: 1815,
  });
  expect(`await storage.hasItem("users:bob")`, await storage.hasItem("users:bob"), false);
  expect(`await storage.getItem("users:bob")`, await storage.getItem("users:bob"), null);

  chapter("An item that expires");
  await storage.setItem("token", "for a second", { ttl: 1 });
  code(`await storage.setItem("token", "for a second", { ttl: 1 })`);
  expect(`await storage.getItem("token")`, await storage.getItem("token"), "for a second");
  const seconds = await secondsUntilGone(() => storage.hasItem("token"));
  code(`// ${seconds} s later: DynamoDB itself deletes within days, the driver hides it at once`);
  expect(`await storage.getItem("token")`, await storage.getItem("token"), null);
  expect(`await storage.getKeys("token")`, await storage.getKeys("token"), []);

  chapter("Keys under a base");
  await storage.setItem("pages:home", "<h1>Home</h1>");
  await storage.setItem("pages:blog:1", "<h1>First post</h1>");
  await storage.setItem("pagesetup", "A4");
  code(`await storage.setItem("pages:home", …), ("pages:blog:1", …), ("pagesetup", …)`);
  const pages = await storage.getKeys("pages");
  expect(`await storage.getKeys("pages")`, pages.sort(), ["pages:blog:1", "pages:home"]);
  const shallow = await storage.getKeys("pages", { maxDepth: 1 });
  expect(`await storage.getKeys("pages", { maxDepth: 1 })`, shallow, ["pages:home"]);

  chapter("Clear that base, and nothing else");
  await driver.clear("pages:");
  code(`await driver.clear("pages:")`);
  expect(`await storage.getKeys("pages")`, await storage.getKeys("pages"), []);
  expect(`await storage.getKeys()`, (await storage.getKeys()).sort(), ["pagesetup", "users:ada"]);

  chapter("A bad option says what is wrong");
  const mistaken = createStorage({ driver: dynamoDbCacheDriver({ table, region, expireIn: -5 }) });
  code(`createStorage({ driver: dynamoDbCacheDriver({ table: "${table}", expireIn: -5 }) })`);
  const error = await mistaken.getItem("users:ada").catch((reason) => reason);
  expect("error instanceof DynamoDbError", error instanceof DynamoDbError, true);
  expectMatch("error.message", error.message, /^\[unstorage\] \[aws-dynamodb\] .*expireIn/s);

  await storage.dispose();
}

/**
 * Expiry has DynamoDB's resolution, whole seconds: a second's life ends one to three seconds from now.
 *
 * @param {() => Promise<boolean>} isThere
 */
async function secondsUntilGone(isThere) {
  const start = performance.now();
  while ((await isThere()) && performance.now() - start < 5000) {
    await sleep(100);
  }
  return ((performance.now() - start) / 1000).toFixed(1);
}
