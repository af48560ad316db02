import { beforeEach, describe, expect, it } from "vitest";
import { accessDenied, serviceError, useRecorder } from "./helpers/recorder";
import { leaveOver } from "./helpers/split.mjs";
import { type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const past = { N: "1000000000" };

beforeEach(() => table.empty());

function rows(keys: string[], attributes: Row = { value: { S: "v" } }): Row[] {
  return keys.map((key) => ({ key: { S: key }, ...attributes }));
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe("what goes and what stays", () => {
  const all = ["a", "a:", "a:b", "a:b:c", "ab", "ab:c", "b:a:c", "z"];
  beforeEach(() => table.putRows(rows(all)));

  it.each([["a"], ["a:"]])(
    "[CLR-1] clear(%j) removes what is under a and nothing else",
    async (base) => {
      expect(await table.driver().clear(base)).toBeUndefined();
      expect(await table.keys()).toEqual(["a", "ab", "ab:c", "b:a:c", "z"]);
    },
  );

  it("[CLR-1] a deeper base", async () => {
    await table.driver().clear("a:b:");
    expect(await table.keys()).toEqual(all.filter((key) => key !== "a:b:c"));
  });

  it("[CLR-1] a base that holds nothing", async () => {
    await table.driver().clear("c:");
    expect(await table.keys()).toEqual(all);
  });

  it.each([[undefined], [""]])("[CLR-1] clear(%j) removes every item", async (base) => {
    await table.driver().clear(base);
    expect(await table.keys()).toEqual([]);
  });

  it("[CLR-1] an empty table can be cleared", async () => {
    const driver = table.driver();
    await driver.clear("");
    await driver.clear("");
    expect(await table.keys()).toEqual([]);
  });

  it("[CLR-1] the base is literal text", async () => {
    await table.putRows(rows([":p:x", "#k:x", "*:x"]));
    await table.driver().clear("*");
    expect(await table.keys()).toEqual([...all, "#k:x", ":p:x"].sort());
  });

  it("[CLR-2] expired rows and rows without a value go too", async () => {
    await table.putRows([
      ...rows(["a:dead"], { value: { S: "v" }, ttl: past }),
      ...rows(["a:bare"], {}),
      ...rows(["a:bare and dead"], { ttl: past }),
      ...rows(["b:dead"], { value: { S: "v" }, ttl: past }),
      ...rows(["b:bare"], {}),
    ]);
    await table.driver().clear("a:");
    const left = ["a", "ab", "ab:c", "b:a:c", "b:bare", "b:dead", "z"];
    expect(await table.keys()).toEqual(left);
    await table.driver().clear(undefined);
    expect(await table.keys()).toEqual([]);
  });
});

describe("how", () => {
  it("[CLR-3] at most 50 requests are in flight", async () => {
    await table.putRows(rows(numbered("many:", 400)));
    recorder.delay(20);
    await table.driver({ endpoint: recorder.endpoint }).clear("");
    expect(await table.keys()).toEqual([]);
    expect(recorder.of("BatchWriteItem").length).toBe(16);
    expect(recorder.of("DeleteItem").length).toBe(0);
    expect(recorder.peak).toBeLessThanOrEqual(50);
    // One at a time would pass as well, and take for ever on a real table.
    expect(recorder.peak).toBeGreaterThan(1);
  }, 60_000);

  it("[CLR-3] [BAT-10] the same without batches", async () => {
    await table.putRows(rows(numbered("many:", 400)));
    recorder.delay(20);
    await table.driver({ endpoint: recorder.endpoint, batch: false }).clear("");
    expect(await table.keys()).toEqual([]);
    expect(recorder.of("BatchWriteItem").length).toBe(0);
    expect(recorder.of("DeleteItem").length).toBe(400);
    expect(recorder.peak).toBeLessThanOrEqual(50);
    expect(recorder.peak).toBeGreaterThan(5);
  }, 60_000);

  it.each([
    ["in batches", true],
    ["singly", false],
  ])(
    "[CLR-3] deletes while it scans, %s, so keys do not pile up",
    async (_, batch) => {
      await table.putRows(rows(numbered("many:", 600)));
      const scan = { segments: 4, concurrency: 4, pageSize: 10 };
      recorder.delay(2);
      await table.driver({ endpoint: recorder.endpoint, scan, batch }).clear("many:");
      expect(await table.keys()).toEqual([]);
      // How many keys the driver held at most: given to it by a segment, and not yet deleted.
      let held = 0;
      let most = 0;
      for (const { operation, request, response } of recorder.exchanges) {
        if (operation === "DeleteItem") held -= 1;
        else if (operation === "BatchWriteItem") held -= request.RequestItems[table.name].length;
        else if (request.Segment !== undefined) held += response?.Items.length as number;
        most = Math.max(most, held);
      }
      expect(held).toBe(0);
      // Four pages read ahead, and the one that is being deleted.
      expect(most).toBeLessThanOrEqual(5 * 10);
      expect(most).toBeGreaterThan(10);
    },
    60_000,
  );

  const denied = {
    name: "AccessDeniedException",
    code: "ERR_DYNAMODB_ACCESS_DENIED",
    operation: "clear",
  };

  it.each([
    ["the role may not batch", true],
    ["batches are off", false],
  ])("[CLR-4] rejects if any delete failed, where %s; repeating it is safe", async (_, batch) => {
    await table.putRows(rows([...numbered("fail:", 40), "kept"]));
    const driver = table.driver({ endpoint: recorder.endpoint, batch });
    recorder.spoil(({ operation }, nth) =>
      operation === "BatchWriteItem" || (operation === "DeleteItem" && nth % 7 === 3)
        ? accessDenied(operation)
        : undefined,
    );
    await expect(driver.clear("fail:")).rejects.toMatchObject({ ...denied, table: table.name });
    expect((await table.keys()).length).toBeGreaterThan(1);
    recorder.reset();
    await driver.clear("fail:");
    expect(await table.keys()).toEqual(["kept"]);
    await driver.clear("fail:");
    expect(await table.keys()).toEqual(["kept"]);
  });

  it("[CLR-4] rejects when only the last batch failed", async () => {
    await table.putRows(rows(numbered("last:", 30)));
    recorder.spoil(({ operation }, nth) =>
      operation === "BatchWriteItem" && nth === 2
        ? serviceError("ItemCollectionSizeLimitExceededException", "no")
        : undefined,
    );
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.clear("last:")).rejects.toMatchObject({
      name: "ItemCollectionSizeLimitExceededException",
      operation: "clear",
    });
    expect([5, 25]).toContain((await table.keys()).length);
  });

  it("[CLR-4] rejects when only the very last delete failed", async () => {
    await table.putRows(rows(numbered("last:", 30)));
    recorder.spoil(({ operation }, nth) =>
      operation === "DeleteItem" && nth === 30 ? accessDenied(operation) : undefined,
    );
    const driver = table.driver({ endpoint: recorder.endpoint, batch: false });
    await expect(driver.clear("last:")).rejects.toMatchObject(denied);
    expect(await table.keys()).toHaveLength(1);
  });

  it("[CLR-4] what a batch left over is deleted all the same", async () => {
    await table.putRows(rows(numbered("rest:", 60)));
    recorder.spoil(leaveOver("BatchWriteItem", 2));
    await table.driver({ endpoint: recorder.endpoint }).clear("rest:");
    expect(await table.keys()).toEqual([]);
    expect(recorder.of("BatchWriteItem").length).toBeGreaterThan(3);
  });

  it("[CLR-4] rejects when the scan failed", async () => {
    await table.putRows(rows(["a", "b"]));
    recorder.spoil(({ operation }) => (operation === "Scan" ? accessDenied("Scan") : undefined));
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.clear("")).rejects.toMatchObject({ operation: "clear" });
    expect(await table.keys()).toEqual(["a", "b"]);
  });

  it("[CLR-4] two at once do not disturb each other", async () => {
    await table.putRows(rows(numbered("twice:", 60)));
    const driver = table.driver();
    await Promise.all([driver.clear("twice:"), driver.clear("")]);
    expect(await table.keys()).toEqual([]);
  });
});
