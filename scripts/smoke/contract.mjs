// The methods on a real engine, with values whose conversion depends on the processor: long text, bytes, compression.
import assert from "node:assert/strict";

import driver from "unstorage-dynamodb";

import common from "./options.cjs";

const [endpoint, table] = process.argv.slice(2);
const options = { ...common, table, endpoint, attributes: { etag: "etag" } };
const cache = driver({ ...options, base: "app" });

// Text that V8 stores as Latin-1 and as UTF-16, and that JSON escapes.
const texts = ["plain", "é", "€ \u{1F680}", '"quoted"\n\\\u0001', ""].flatMap((text) => [
  text,
  `${text}${"x".repeat(100_000)}${text}`,
]);
for (const text of texts) {
  await cache.setItem("text", text);
  assert.equal(await cache.getItem("text"), text);
}

const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 251));
await cache.setItemRaw("bytes", bytes);
assert.deepEqual(Buffer.from(await cache.getItemRaw("bytes")), bytes);

const page = "<li>one of many</li>".repeat(20_000);
const compressing = driver({ ...options, base: "compressed", compression: "gzip" });
await compressing.setItem("page", page);
await compressing.setItemRaw("bytes", bytes);
assert.equal(await cache.getItem("page"), null);
assert.equal(await compressing.getItem("page"), page);
assert.deepEqual(Buffer.from(await compressing.getItemRaw("bytes")), bytes);

const large = driver({ ...options, base: "large", largeValues: {} });
const many = Buffer.concat(Array.from({ length: 20 }, () => bytes));
await large.setItemRaw("bytes", many);
assert.deepEqual(Buffer.from(await large.getItemRaw("bytes")), many);

const items = Array.from({ length: 60 }, (_, index) => ({ key: `n:${index}`, value: `${index}` }));
await cache.setItems(items);
const found = await cache.getItems(items.map(({ key }) => ({ key })));
assert.deepEqual(
  new Map(found.map((item) => [item.key, item.value])),
  new Map(items.map(({ key, value }) => [key, value])),
);
assert.deepEqual((await cache.getKeys("n:")).sort(), items.map(({ key }) => key).sort());

await cache.setItem("brief", "value", { ttl: 86_400 });
const { ttl = 0 } = (await cache.getMeta("brief")) ?? {};
// Expiry and remaining time are both rounded up.
assert.ok(ttl > 0 && ttl <= 86_401);
assert.equal(await cache.hasItem("brief"), true);
await assert.rejects(cache.setItem("brief", "other", { ifNoneMatch: "*" }), {
  code: "ERR_CAS_MISMATCH",
});
await cache.removeItem("brief");
assert.equal(await cache.hasItem("brief"), false);
await assert.rejects(cache.getItem("k", { signal: AbortSignal.abort() }));
await assert.rejects(driver({ ...options, table: "missing" }).getItem("k"), {
  code: "ERR_DYNAMODB_TABLE_NOT_FOUND",
});

for (const one of [cache, compressing, large]) {
  await one.clear("");
  assert.deepEqual(await one.getKeys(""), []);
  await one.dispose();
}
console.log("the contract holds");
