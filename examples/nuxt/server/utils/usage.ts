import type { DynamoDbStats } from "unstorage-dynamodb";

// Dollars per unit: list prices of an on-demand table in us-east-1. See docs/guide/costs.md.
const readPrice = 0.125 / 1_000_000;
const writePrice = 0.625 / 1_000_000;

const statsOf = (mount: string): DynamoDbStats =>
  useStorage().getMount(mount).driver.getInstance!().stats();

export function currentUsage(): Usage {
  const cache = statsOf("cache");
  const listed = cache.operations.getMeta?.readUnits ?? 0;
  const readUnits = cache.readUnits - listed;
  const { writeUnits } = cache;
  return {
    cache: { readUnits, writeUnits },
    page: { readUnits: statsOf("stored").readUnits + listed, writeUnits: 0 },
    dollars: readUnits * readPrice + writeUnits * writePrice,
    hits: cache.nearCache?.hits ?? 0,
    misses: cache.nearCache?.misses ?? 0,
  };
}
