// getKeys, and the scan that it shares with clear. tests/segments.rs covers pages in flight and throttling.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { accessDenied } from "./helpers/recorder";
import type { Row } from "./helpers/table";

const past = { N: "1000000000" };
const future = { N: "4000000000" };
const value = { S: "v" };

const row = (key: string, attributes: Row = { value }): Row => ({ key: { S: key }, ...attributes });

describe("base and depth", () => {
  const { table, recorder, recorded } = useRecordedTable();
  beforeEach(() => table.empty());

  /** Returns the result of getKeys for a table with these keys. */
  async function listed(keys: string[], ...asked: unknown[]): Promise<string[]> {
    await table.putRows(keys.map((key) => row(key)));
    return (await recorded().getKeys(...asked)).sort();
  }

  it("[KEYS-1] [KEYS-5] every unexpired row is listed, even without a value", async () => {
    expect(await listed([])).toEqual([]);
    await table.putRows([row("later", { value, ttl: future }), row("dead", { value, ttl: past })]);
    await table.putRows([row("bare", {}), row("bare and dead", { ttl: past })]);
    expect(await listed(["a", "a:b:c", "z"])).toEqual(["a", "a:b:c", "bare", "later", "z"]);
  });

  it.each([
    ["", [":c", "A:b", "a", "a:", "a:b", "a:b:c", "a:b:d:e", "a:bb:c", "ab", "ab:c", "b:a:c"]],
    [
      undefined,
      [":c", "A:b", "a", "a:", "a:b", "a:b:c", "a:b:d:e", "a:bb:c", "ab", "ab:c", "b:a:c"],
    ],
    ["a", ["a:", "a:b", "a:b:c", "a:b:d:e", "a:bb:c"]],
    ["a:", ["a:", "a:b", "a:b:c", "a:b:d:e", "a:bb:c"]],
    ["a:b", ["a:b:c", "a:b:d:e"]],
    ["a:b:", ["a:b:c", "a:b:d:e"]],
    ["a:b:d:", ["a:b:d:e"]],
    ["nothing:", []],
  ])("[KEYS-2] base %j", async (base, expected) => {
    const all = "a ab ab:c a: a:b a:b:c a:b:d:e a:bb:c b:a:c A:b :c".split(" ");
    expect(await listed(all, base)).toEqual(expected);
  });

  it.each([..."*%_\\'\"\0é", ".*", "#k", ":p", "[a-z]"])(
    "[KEYS-2] base %j is literal",
    async (base) => {
      const others = ["a:x", "k:x", "p:x", "xx:x", "e\u0301:x", `x${base}:y`];
      expect(await listed([...others, `${base}:y`], `${base}:`)).toEqual([`${base}:y`]);
    },
  );

  it.each<[string | undefined, number, string[]]>([
    [undefined, 0, ["a"]],
    [undefined, 1, ["a", "a:b", "a:c"]],
    [undefined, 2, ["a", "a:b", "a:b:c", "a:c"]],
    [undefined, 99, ["a", "a:b", "a:b:c", "a:b:c:d", "a:c"]],
    ["a:", 1, ["a:b", "a:c"]],
    ["a:", 0, []],
    ["a:b:", 2, ["a:b:c"]],
  ])("[KEYS-3] base %j with maxDepth %d", async (base, maxDepth, expected) => {
    const all = ["a", "a:b", "a:c", "a:b:c", "a:b:c:d"];
    expect(await listed(all, base, { maxDepth })).toEqual(expected);
  });

  it.each([
    ...[-1, Number.NaN, "deep", {}, true].map((maxDepth) => ["maxDepth", "", { maxDepth }]),
    ...[5, {}, ["a"], "a\ud800"].map((base) => ["base", base]),
  ])("[KEYS-2] [KEYS-3] rejects %s: %j, %j", async (name, base, options?) => {
    for (const operation of options ? ["getKeys"] : ["getKeys", "clear"]) {
      const error = await failureOf(recorded()[operation](base, options));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain(`\`${name}\``);
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[KEYS-7] a table of one page takes one request, without segments", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `small:${index}`).sort();
    expect(await listed(keys)).toEqual(keys);
    expect(recorder.operations()).toEqual(["Scan"]);
    for (const absent of ["Segment", "TotalSegments", "Limit", "ExclusiveStartKey"]) {
      expect(recorder.exchanges[0]?.request).not.toHaveProperty(absent);
    }
  });
});

describe("a table of several pages", () => {
  const { table, recorder, recorded } = useRecordedTable();
  const large = { S: "CANARY".repeat(7_000) };
  const numbered = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`).sort();
  const alive = numbered("alive:", 120);

  // DynamoDB filters after reading a page of 1 MB, so the filter leaves some pages empty.
  beforeAll(async () => {
    const rows = [...alive, "needle:0"].map((key) => row(key, { value: large, ttl: future }));
    const dead = numbered("dead:", 40).map((key) => row(key, { value: large, ttl: past }));
    await table.putRows([...rows, ...dead]);
  }, 60_000);

  /** Checks that page 1 is of the whole table, and that each segment continues from the last key of its previous page. */
  function expectOwnKeysOnly(segments: number): void {
    const next = new Map<number | undefined, unknown>();
    for (const { request, response } of recorder.of("Scan")) {
      const { Segment, TotalSegments, ExclusiveStartKey } = request;
      expect(ExclusiveStartKey).toEqual(next.get(Segment));
      expect(TotalSegments).toBe(Segment === undefined ? undefined : segments);
      next.set(Segment, response?.LastEvaluatedKey);
    }
    if (segments > 1) {
      expect(next.get(undefined)).toBeDefined();
      expect(recorder.of("Scan").filter(({ request }) => !("Segment" in request))).toHaveLength(1);
      next.delete(undefined);
      expect([...next.keys()].sort((a, b) => a! - b!)).toEqual([...Array(segments).keys()]);
    }
    expect([...next.values()].every((key) => key === undefined)).toBe(true);
  }

  it.each([undefined, 1, 2, 5, 100])(
    "[KEYS-1] [KEYS-8] [SCAN-2] every unexpired key is listed once, in %s segments",
    async (segments) => {
      const driver = recorded({ scan: { segments } });
      expect((await driver.getKeys()).sort()).toEqual([...alive, "needle:0"]);
      expectOwnKeysOnly(segments ?? 16);
      const pages = recorder.of("Scan").length;
      // Only one page has a match, and the scan continues past the empty ones.
      recorder.reset();
      expect(await driver.getKeys("needle:")).toEqual(["needle:0"]);
      expect(await driver.getKeys("dead")).toEqual([]);
      expect(recorder.of("Scan")).toHaveLength(2 * pages);
    },
  );

  it("[SCAN-3] pageSize is the maximum number of rows that a page reads", async () => {
    const driver = recorded({ scan: { segments: 2, pageSize: "7" } });
    expect(await driver.getKeys("alive:")).toHaveLength(alive.length);
    const limits = recorder.of("Scan").map(({ request }) => request.Limit);
    expect(limits.length).toBeGreaterThan(160 / 7);
    expect(new Set(limits)).toEqual(new Set([7]));
    expectOwnKeysOnly(2);
  });

  it.each([1, 3])("[SCAN-3] concurrency %d limits pages in flight", async (concurrency) => {
    recorder.delay(40);
    const driver = recorded({ scan: { concurrency, pageSize: 5 } });
    expect((await driver.getKeys("alive:")).sort()).toEqual(alive);
    expect(recorder.peak).toBe(concurrency);
  });

  it("[KEYS-4] no value is transferred, and the server filters by base and expiry", async () => {
    expect((await recorded().getKeys("alive:")).sort()).toEqual(alive);
    // The segments read the rows of page 1 again.
    const pages = recorder.of("Scan").slice(1);
    const items = pages.flatMap((page) => page.response?.Items as Row[]);
    // Only key and TTL are returned, and neither expired rows nor rows of another base.
    expect(items.map((item) => item.key?.S).sort()).toEqual(alive);
    const names = new Set(items.flatMap((item) => Object.keys(item)));
    expect(["key", "ttl"]).toEqual(expect.arrayContaining([...names]));
    expect(JSON.stringify(recorder.exchanges)).not.toContain("CANARY");
  });

  it.each([1, 2, 4])("[KEYS-6] if page %d fails, the call fails", async (failing) => {
    // With one page at a time, the first page of the whole table is followed by one of each segment.
    const segment = failing === 1 ? undefined : failing - 2;
    recorder.spoil(({ operation, request }) =>
      request.Segment === segment ? accessDenied(operation) : undefined,
    );
    const error = await failureOf(recorded({ scan: { concurrency: 1 } }).getKeys());
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_ACCESS_DENIED", operation: "getKeys" });
    expect(recorder.of("Scan")).toHaveLength(failing);
  });

  const LastEvaluatedKey = { key: { S: "alive:0" } };
  it.each([
    ["[KEYS-6] a page that cannot be parsed", '{"Items":[{'],
    ["[KEYS-9] a scan that does not advance", { Items: [], LastEvaluatedKey }],
  ])("%s is an error", async (_, body) => {
    recorder.spoil(({ request }) => (request.Segment === 3 ? { status: 200, body } : undefined));
    const { code } = await failureOf(recorded().getKeys());
    expect(code).toBe("ERR_DYNAMODB_RESPONSE");
  });

  it("[CLR-1] clear scans it in segments and removes every row", async () => {
    await recorded().clear("");
    expect(await table.keys()).toEqual([]);
    expectOwnKeysOnly(16);
  }, 60_000);
});
