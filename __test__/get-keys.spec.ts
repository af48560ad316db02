import { beforeEach, describe, expect, it } from "vitest";
import { accessDenied, useRecorder } from "./helpers/recorder";
import { type Row, useTable } from "./helpers/table";

const past = { N: "1000000000" };

function row(key: string, attributes: Row = { value: { S: "v" } }): Row {
  return { key: { S: key }, ...attributes };
}

describe("base and depth", () => {
  const table = useTable();
  const recorder = useRecorder();
  beforeEach(() => table.empty());

  const put = (...keys: string[]): Promise<void> => table.putRows(keys.map((key) => row(key)));

  it("[KEYS-1] an empty table has no keys", async () => {
    expect(await table.driver().getKeys()).toEqual([]);
  });

  it("[KEYS-1] returns every unexpired key, whatever else its row contains", async () => {
    await put("a", "a:b", "a:b:c", "z");
    await table.putRow("later", { value: { S: "v" }, ttl: { N: "4000000000" } });
    await table.putRow("dead", { value: { S: "v" }, ttl: past });
    const keys = await table.driver().getKeys();
    expect(keys.sort()).toEqual(["a", "a:b", "a:b:c", "later", "z"]);
  });

  it.each([["a"], ["a:"]])("[KEYS-2] %j matches neither a nor ab", async (base) => {
    await put("a", "ab", "ab:c", "a:", "a:b", "a:b:c", "b:a:c", "A:b");
    expect((await table.driver().getKeys(base)).sort()).toEqual(["a:", "a:b", "a:b:c"]);
  });

  it.each([[""], [undefined]])("[KEYS-2] base %j matches every key", async (base) => {
    await put("a", "a:b", ":c");
    expect((await table.driver().getKeys(base)).sort()).toEqual([":c", "a", "a:b"]);
  });

  it.each([
    ["a:b", ["a:b:c", "a:b:d:e"]],
    ["a:b:", ["a:b:c", "a:b:d:e"]],
    ["a:b:d:", ["a:b:d:e"]],
    ["nothing:", []],
  ])("[KEYS-2] a deeper base %j", async (base, expected) => {
    await put("a:b", "a:b:c", "a:b:d:e", "a:bb:c");
    expect((await table.driver().getKeys(base)).sort()).toEqual(expected);
  });

  it.each([
    ["*"],
    [".*"],
    ["%"],
    ["_"],
    ["#k"],
    [":p"],
    ["\\"],
    ["'"],
    ['"'],
    ["\0"],
    ["é"],
    ["[a-z]"],
  ])("[KEYS-2] base %j is literal", async (base) => {
    const others = ["a:x", "k:x", "p:x", "xx:x", "e\u0301:x"];
    await put(...others, `${base}:y`, `x${base}:y`);
    expect(await table.driver().getKeys(`${base}:`)).toEqual([`${base}:y`]);
  });

  it.each<[string | undefined, number, string[]]>([
    [undefined, 0, ["a"]],
    [undefined, 1, ["a", "a:b", "a:c"]],
    [undefined, 2, ["a", "a:b", "a:b:c", "a:c"]],
    [undefined, 99, ["a", "a:b", "a:b:c", "a:b:c:d", "a:c"]],
    ["a:", 1, ["a:b", "a:c"]],
    ["a:", 0, []],
    ["a:b:", 2, ["a:b:c"]],
  ])("[KEYS-3] base %j with maxDepth %d", async (base, maxDepth, expected) => {
    await put("a", "a:b", "a:c", "a:b:c", "a:b:c:d");
    const keys = await table.driver().getKeys(base, { maxDepth });
    expect(keys.sort()).toEqual(expected);
  });

  it.each([[-1], [Number.NaN], ["deep"], [{}], [true]])(
    "[KEYS-3] rejects maxDepth %j",
    async (maxDepth) => {
      const driver: any = table.driver({ endpoint: recorder.endpoint });
      await expect(driver.getKeys("", { maxDepth })).rejects.toMatchObject({
        code: "ERR_DYNAMODB_INVALID_ARGUMENT",
        operation: "getKeys",
        message: expect.stringContaining("`maxDepth`"),
      });
      expect(recorder.exchanges).toEqual([]);
    },
  );

  it.each([[5], [{}], [["a"]], ["a\ud800"]])("[KEYS-2] rejects base %j", async (base) => {
    const driver: any = table.driver({ endpoint: recorder.endpoint });
    for (const method of ["getKeys", "clear"]) {
      await expect(driver[method](base)).rejects.toMatchObject({
        code: "ERR_DYNAMODB_INVALID_ARGUMENT",
        operation: method,
        message: expect.stringContaining("`base`"),
      });
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[KEYS-5] a row without a value is listed, unless it has expired", async () => {
    await table.putRows([row("bare", {}), row("bare and dead", { ttl: past })]);
    expect(await table.driver().getKeys()).toEqual(["bare"]);
  });
});

describe("a table with several pages", () => {
  const table = useTable();
  const recorder = useRecorder();
  // A page is limited to 1 MB before filtering, so the table has about five pages. With so few rows per page, the
  // filter leaves some pages empty, whatever order the engine uses.
  const large = "CANARY".repeat(17_000);
  const kinds = { alive: 6, dead: 45, needle: 1 };

  beforeEach(async () => {
    if ((await table.driver().getKeys("alive:")).length > 0) return;
    const rows: Row[] = [];
    for (const [kind, count] of Object.entries(kinds)) {
      for (let index = 0; index < count; index += 1) {
        const ttl = kind === "dead" ? past : { N: "4000000000" };
        rows.push(row(`${kind}:${index}`, { value: { S: large }, ttl }));
      }
    }
    await table.putRows(rows);
  }, 60_000);

  const alive = Array.from({ length: kinds.alive }, (_, index) => `alive:${index}`);

  it("[KEYS-1] reads every page, including those that the filter left empty", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    expect((await driver.getKeys()).sort()).toEqual([...alive, "needle:0"]);
    const pages = recorder.of("Scan");
    // The first page, and the pages of each segment.
    expect(pages.length).toBeGreaterThanOrEqual(1 + 16);

    // Only one page contains the key. The others are empty, and the scan continues after them. (The first page is read
    // twice.)
    recorder.reset();
    expect(await driver.getKeys("needle:")).toEqual(["needle:0"]);
    const [first, ...others] = recorder.of("Scan").map((page) => page.response?.Items.length);
    expect(others.length).toBe(pages.length - 1);
    expect(others.filter((count) => count > 0)).toEqual([1]);
    expect([0, 1]).toContain(first);

    recorder.reset();
    expect(await driver.getKeys("nothing:")).toEqual([]);
    expect(recorder.of("Scan").length).toBe(pages.length);
  }, 30_000);

  it("[KEYS-4] no value is transferred, and DynamoDB filters by base and expiry", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    expect((await driver.getKeys("alive:")).sort()).toEqual(alive);
    // The first page is read twice.
    const pages = recorder.of("Scan").slice(1);
    const items = pages.flatMap((page) => page.response?.Items as Row[]);
    // Neither expired rows nor those of another base were returned, and only key and TTL of the others.
    expect(items.map((item) => item.key?.S).sort()).toEqual(alive);
    const names = new Set(items.flatMap((item) => Object.keys(item)));
    expect(["key", "ttl"]).toEqual(expect.arrayContaining([...names]));
    const bytes = recorder.of("Scan").reduce((sum, page) => sum + page.responseBytes, 0);
    expect(bytes).toBeLessThan(10_000);
    expect(pages.length).toBeGreaterThan(1);
    expect(JSON.stringify(recorder.exchanges)).not.toContain("CANARY");
  }, 30_000);

  it.each([[1], [2], [4]])(
    "[KEYS-6] if page %d fails, the call fails",
    async (failing) => {
      // One page at a time: the first page of the whole table, then those of each segment in turn.
      const segment = failing === 1 ? undefined : failing - 2;
      recorder.spoil(({ operation, request }) =>
        request.Segment === segment ? accessDenied(operation) : undefined,
      );
      const driver = table.driver({ endpoint: recorder.endpoint, scan: { concurrency: 1 } });
      await expect(driver.getKeys()).rejects.toMatchObject({
        code: "ERR_DYNAMODB_ACCESS_DENIED",
        operation: "getKeys",
      });
      expect(recorder.of("Scan")).toHaveLength(failing);
    },
    30_000,
  );

  it("[KEYS-9] a scan that does not advance is an error, not an endless loop", async () => {
    const LastEvaluatedKey = { key: { S: "alive:0" } };
    recorder.spoil(() => ({ status: 200, body: { Items: [], LastEvaluatedKey } }));
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.getKeys()).rejects.toMatchObject({ code: "ERR_DYNAMODB_RESPONSE" });
  });

  it("[KEYS-6] a page that cannot be parsed fails the whole call", async () => {
    recorder.spoil(({ request }) =>
      request.Segment === 3 ? { status: 200, body: '{"Items":[{' } : undefined,
    );
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.getKeys()).rejects.toMatchObject({ code: "ERR_DYNAMODB_RESPONSE" });
  }, 30_000);
});
