import dynamoDbCacheDriver from "unstorage-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { newTable } from "./table.js";

let cache;
beforeEach(async () => {
  cache = dynamoDbCacheDriver({ table: await newTable(), expireIn: 3600 });
});
afterEach(async () => {
  vi.useRealTimers();
  await cache.dispose();
});

test("stores a page", async () => {
  await cache.setItem("pages:news", "<h1>News</h1>");
  expect(await cache.getKeys("pages")).toEqual(["pages:news"]);
});

test("has a table of its own", async () => {
  expect(await cache.getKeys()).toEqual([]);
});

test("stores it for an hour", async () => {
  vi.useFakeTimers();
  await cache.setItem("pages:news", "<h1>News</h1>");
  const { ttl } = await cache.getMeta("pages:news");
  expect(ttl).toBeGreaterThan(3500);
  expect(ttl).toBeLessThanOrEqual(3601);
  vi.setSystemTime(Date.now() + 7_200_000);
  vi.runAllTimers();
  expect(await cache.hasItem("pages:news")).toBe(true);
});
