// The scan of getKeys and clear: its requests, its segments, and its options.
import { beforeAll, describe, expect, it } from "vitest";
import { refusalOf } from "./helpers/failure";
import { type Exchange, serviceError, useRecorder } from "./helpers/recorder";
import { type Row, useTable } from "./helpers/table";

const recorder = useRecorder();

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`).sort();
}

/** The requested pages by segment; `undefined` is the whole table. */
function bySegment(): Map<number | undefined, Exchange[]> {
  const pages = new Map<number | undefined, Exchange[]>();
  for (const exchange of recorder.of("Scan")) {
    const segment = exchange.request.Segment as number | undefined;
    pages.set(segment, [...(pages.get(segment) ?? []), exchange]);
  }
  return pages;
}

/** Every segment began at its start and continued with the key that its previous page returned. */
function expectOwnKeysOnly(segments: number): void {
  const pages = bySegment();
  const [first] = pages.get(undefined) ?? [];
  expect(pages.get(undefined)).toHaveLength(1);
  expect(first?.request).not.toHaveProperty("TotalSegments");
  expect(first?.response).toHaveProperty("LastEvaluatedKey");
  pages.delete(undefined);
  expect([...pages.keys()].sort((a, b) => a! - b!)).toEqual([...Array(segments).keys()]);
  for (const asked of pages.values()) {
    let next: unknown;
    for (const { request, response } of asked) {
      expect(request.TotalSegments).toBe(segments);
      expect(request.ExclusiveStartKey).toEqual(next);
      next = response?.LastEvaluatedKey;
    }
    expect(next).toBeUndefined();
  }
}

describe("a table of several megabytes", () => {
  const table = useTable();
  const value = { S: "x".repeat(40_000) };
  const alive = numbered("alive:", 120);
  const dead = numbered("dead:", 40);

  beforeAll(async () => {
    const rows: Row[] = [
      ...alive.map((key) => ({ key: { S: key }, value })),
      ...dead.map((key) => ({ key: { S: key }, value, ttl: { N: "1000000000" } })),
    ];
    await table.putRows(rows);
  }, 60_000);

  it("[KEYS-8] is read in 16 segments, without missing or repeated keys", async () => {
    const keys = await table.driver({ endpoint: recorder.endpoint }).getKeys();
    expect(keys.sort()).toEqual(alive);
    expectOwnKeysOnly(16);
  });

  it("[KEYS-8] under a base too", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    expect((await driver.getKeys("alive")).sort()).toEqual(alive);
    expect(await driver.getKeys("dead")).toEqual([]);
  });

  it.each([[2], [5], [100]])("[SCAN-2] in %d segments", async (segments) => {
    const driver = table.driver({ endpoint: recorder.endpoint, scan: { segments } });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    expectOwnKeysOnly(segments);
  });

  it("[SCAN-2] in one segment: page by page, without repeated keys", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint, scan: { segments: 1 } });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    const pages = recorder.of("Scan");
    expect(pages.length).toBeGreaterThanOrEqual(6);
    expect(recorder.peak).toBe(1);
    let next: unknown;
    for (const { request, response } of pages) {
      expect(request).not.toHaveProperty("Segment");
      expect(request.ExclusiveStartKey).toEqual(next);
      next = response?.LastEvaluatedKey;
    }
    const items = pages.flatMap((page) => page.response?.Items as Row[]);
    expect(items.map((item) => item.key?.S).sort()).toEqual(alive);
  });

  it("[SCAN-3] pageSize is the maximum number of rows that a page reads", async () => {
    const scan = { segments: 2, pageSize: "7" };
    const driver = table.driver({ endpoint: recorder.endpoint, scan });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    const pages = recorder.of("Scan");
    expect(pages.length).toBeGreaterThan(160 / 7);
    expect(pages.every((page) => page.request.Limit === 7)).toBe(true);
    expectOwnKeysOnly(2);
  });

  it.each([[1], [3]])("[SCAN-3] concurrency %d is the maximum in flight", async (concurrency) => {
    recorder.delay(40);
    const scan = { concurrency, pageSize: 5 };
    const driver = table.driver({ endpoint: recorder.endpoint, scan });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    expect(recorder.peak).toBe(concurrency);
  });

  it("[SCAN-4] reaches 16 pages in flight", async () => {
    // Long enough for all of them to be sent, even on a busy machine.
    recorder.delay(150);
    const driver = table.driver({ endpoint: recorder.endpoint, scan: { pageSize: 2 } });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    expect(recorder.peak).toBe(16);
  });

  it("[SCAN-5] one page is in flight if each is throttled, although each succeeds", async () => {
    const asked = new Set<string>();
    recorder.spoil(({ request }) => {
      const page = JSON.stringify(request);
      if (asked.has(page)) return undefined;
      asked.add(page);
      return serviceError("ProvisionedThroughputExceededException", "slow down");
    });
    recorder.delay(5);
    const driver = table.driver({ endpoint: recorder.endpoint });
    expect((await driver.getKeys()).sort()).toEqual(alive);
    expect(recorder.of("Scan").length).toBe(2 * asked.size);
    expect(recorder.peak).toBe(1);
  });

  it("[CLR-1] clear reads it in segments and removes every row", async () => {
    await table.driver({ endpoint: recorder.endpoint }).clear("");
    expect(await table.keys()).toEqual([]);
    expectOwnKeysOnly(16);
  }, 60_000);
});

describe("a table of one page", () => {
  const table = useTable();

  it("[KEYS-7] costs one request, without a segment", async () => {
    await table.putRows(numbered("small:", 100).map((key) => ({ key: { S: key } })));
    const driver = table.driver({ endpoint: recorder.endpoint });
    expect(await driver.getKeys()).toHaveLength(100);
    expect(recorder.operations()).toEqual(["Scan"]);
    const request = recorder.exchanges[0]?.request;
    for (const absent of ["Segment", "TotalSegments", "Limit", "ExclusiveStartKey"]) {
      expect(request).not.toHaveProperty(absent);
    }
  });
});

describe("the option", () => {
  const table = useTable();
  const bad = [0, -1, 1.5, Number.NaN, Infinity, 1e10, "many", "0", true, {}, [4], () => 4];

  it.each([
    ["segments", 1000],
    ["concurrency", 64],
    ["pageSize", 2147483647],
  ])("[SCAN-1] %s is 1 to %d, or refused", async (name, most) => {
    for (const value of [...bad, most + 1]) {
      const { message } = await refusalOf(recorder, { scan: { [name]: value } });
      expect(message).toContain(`\`scan.${name}\``);
      expect(message).toContain(`a whole number from 1 to ${most}`);
    }
    for (const value of [1, most, String(most), null, undefined, ""]) {
      expect(await table.driver({ scan: { [name]: value } }).getKeys()).toEqual([]);
    }
  });

  it.each([[5], ["16"], [true], [[16]], [() => 16]])("[SCAN-1] refuses scan: %s", async (scan) => {
    const { message } = await refusalOf(recorder, { scan });
    expect(message).toContain("`scan` must be an object { segments?, concurrency?, pageSize? }");
  });

  it.each([[null], [undefined], [""], [{}], [Object.freeze({ unknown: 1 })]])(
    "[SCAN-1] scan: %j is the default",
    async (scan) => {
      expect(await table.driver({ scan }).getKeys()).toEqual([]);
    },
  );
});
