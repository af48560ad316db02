// Large tables: complete results, with bounded memory and connections, despite faults.
import { expect, it } from "vitest";
import { awsError, type Reply, type Seen } from "../helpers/endpoint";
import { useCases } from "./helpers/case";

const { endpoint, run } = useCases();

/** A generated table with `total` keys, in pages and segments. */
function madeUpTable(total: number, pageSize: number) {
  const deleted = new Set<string>();
  const keyOf = (n: number): string => `key:${String(n).padStart(8, "0")}`;
  function scan({ request }: Seen): Reply {
    const { Segment = 0, TotalSegments = 1, ExclusiveStartKey } = request;
    const size = Math.ceil(total / TotalSegments);
    const [from, to] = [Segment * size, Math.min((Segment + 1) * size, total)];
    const start = ExclusiveStartKey ? Number(ExclusiveStartKey.key.S.slice(4)) + 1 : from;
    const end = Math.min(start + pageSize, to);
    const keys = Array.from({ length: Math.max(0, end - start) }, (_, n) => keyOf(start + n));
    const Items = keys.filter((key) => !deleted.has(key)).map((key) => ({ key: { S: key } }));
    const last = end < to ? { LastEvaluatedKey: { key: { S: keyOf(end - 1) } } } : {};
    return { body: { Items, Count: Items.length, ...last } };
  }
  function remove({ request }: Seen): Reply {
    for (const one of request.RequestItems.cases) deleted.add(one.DeleteRequest.Key.key.S);
    return {};
  }
  return { deleted, scan, remove };
}

/** The number of listed and of distinct keys, and the growth of memory in megabytes. */
const list = `
  const before = megabytes();
  const { value, error } = await settle(driver.getKeys(), 250_000);
  report([error ?? value.length, new Set(value).size, Math.round(megabytes() - before)]);
`;

it("[case 20] getKeys of a million keys: each exactly once, within 500 MB", async () => {
  endpoint.script(madeUpTable(1_000_000, 20_000).scan);
  const [[length, distinct, grown]] = await run(list, {
    driver: { attemptTimeout: 60_000, timeout: 200_000 },
    // Creating a million strings blocks this thread.
    lagMs: 60_000,
  });
  expect([length, distinct]).toEqual([1_000_000, 1_000_000]);
  expect(grown).toBeLessThan(500);
});

it("[case 20] failed pages are requested again, never dropped", async () => {
  const { scan } = madeUpTable(20_000, 100);
  let count = 0;
  endpoint.script((seen) => {
    count += 1;
    if (count % 5 === 0) return awsError("ThrottlingException");
    if (count % 7 === 0) return { status: 503, body: "" };
    return count % 11 === 0 ? { ...scan(seen), sent: 50, ending: "reset" } : scan(seen);
  });
  const [[length, distinct]] = await run(list, {
    driver: { maxAttempts: 10 },
    lagMs: 500,
  });
  expect([length, distinct]).toEqual([20_000, 20_000]);
});

it("[case 21] clear of 100,000 rows: all removed, with at most 50 connections and bounded memory", async () => {
  const { deleted, scan, remove } = madeUpTable(100_000, 2000);
  endpoint.script((seen) => (seen.operation === "Scan" ? scan(seen) : remove(seen)));
  const [[value, grown]] = await run(
    `const before = megabytes();
     const { value, error } = await settle(driver.clear(), 250_000);
     report([value ?? error, Math.round(megabytes() - before)]);`,
    { driver: { timeout: 200_000 }, prepare: () => deleted.clear() },
  );
  expect([value, deleted.size]).toEqual(["undefined", 100_000]);
  expect(endpoint.peak).toBeLessThanOrEqual(50);
  expect(grown).toBeLessThan(100);
});
