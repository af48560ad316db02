import { createStorage } from "unstorage";
import dynamoDbCacheDriver from "unstorage-dynamodb";

// Table, region and credentials come from the environment.
const storage = createStorage({ driver: dynamoDbCacheDriver({ base: "reports", expireIn: 3600 }) });

/** Stands in for a slow computation. */
async function compute(year) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { year, total: year * 3 };
}

async function report(year) {
  const key = `year:${year}`;
  const known = await storage.getItem(key);
  if (known !== null) return { ...known, from: "the table" };
  const computed = await compute(year);
  await storage.setItem(key, computed, { ttl: 900 }); // 15 minutes; overrides `expireIn`
  return { ...computed, from: "a computation" };
}

for (let round = 1; round <= 2; round += 1) {
  const start = performance.now();
  const { total, from } = await report(2026);
  console.log(
    `round ${round}: ${total} from ${from}, ${(performance.now() - start).toFixed(0)} ms`,
  );
}
console.log("keys:", await storage.getKeys());
const { ttl, size } = await storage.getMeta("year:2026", { nativeOnly: true });
console.log(`${size} bytes, ${ttl} s left`);
