import { beforeEach, describe, expect, it, vi } from "vitest";
import { accessDenied, serviceError, type Spoiled, useRecorder } from "./helpers/recorder";
import { leaveOver } from "./helpers/split.mjs";
import { type Driver, type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => table.empty());

const rows = (keys: string[], attributes: Row = { value: { S: "v" } }): Row[] =>
  keys.map((key) => ({ key: { S: key }, ...attributes }));

/** Returns a recorded driver with this many rows under `many`. */
async function many(count: number, options: object = {}): Promise<Driver> {
  await table.putRows(rows(Array.from({ length: count }, (_, index) => `many:${index}`)));
  return table.driver({ endpoint: recorder.endpoint, ...options });
}

describe("what is removed and what is kept", () => {
  const all = ["a", "a:", "a:b", "a:b:c", "ab", "ab:c", "b:a:c", "z"];
  const others = ["a", "ab", "ab:c", "b:a:c", "z"];

  it.each([
    ["a", others],
    ["a:", others],
    ["a:b:", all.filter((key) => key !== "a:b:c")],
    ["c:", all],
    ["*", all],
    ["", []],
    [undefined, []],
  ])("[CLR-1] clear(%j) leaves %j", async (base, left) => {
    await table.putRows(rows(all));
    const driver = table.driver();
    // The second call finds nothing to remove.
    expect([await driver.clear(base), await driver.clear(base)]).toEqual([undefined, undefined]);
    expect(await table.keys()).toEqual(left);
  });

  it("[CLR-1] the base is literal text", async () => {
    await table.putRows(rows(["x:y", ":p:x", "#k:x", "*:x"]));
    await table.driver().clear("*");
    expect(await table.keys()).toEqual(["#k:x", ":p:x", "x:y"]);
  });

  it("[CLR-2] expired rows and rows without a value are removed too", async () => {
    const ttl = { N: "1000000000" };
    await table.putRows([
      ...rows(["a:dead", "b:dead"], { value: { S: "v" }, ttl }),
      ...rows(["a:bare", "b:bare"], {}),
      ...rows(["a:bare and dead"], { ttl }),
    ]);
    await table.driver().clear("a:");
    expect(await table.keys()).toEqual(["b:bare", "b:dead"]);
    await table.driver().clear(undefined);
    expect(await table.keys()).toEqual([]);
  });
});

describe("how", () => {
  it.each([
    [true, [16, 0], 2],
    [false, [0, 400], 6],
  ])(
    "[CLR-3] [BAT-10] batch: %j sends %j requests, at most 50 at once",
    async (batch, sent, least) => {
      const driver = await many(400, { batch });
      recorder.delay(20);
      await driver.clear("");
      expect(await table.keys()).toEqual([]);
      const counts = ["BatchWriteItem", "DeleteItem"].map((name) => recorder.of(name).length);
      expect(counts).toEqual(sent);
      expect(recorder.peak).toBeLessThanOrEqual(50);
      expect(recorder.peak).toBeGreaterThanOrEqual(least);
    },
  );

  it.each([true, false])(
    "[CLR-3] deletes while it scans (batch: %j), so keys do not pile up",
    async (batch) => {
      const scan = { segments: 4, concurrency: 4, pageSize: 10 };
      const driver = await many(600, { batch, scan });
      recorder.delay(2);
      await driver.clear("many:");
      expect(await table.keys()).toEqual([]);
      // The maximum number of keys that the driver held: received from a segment and not yet deleted.
      let held = 0;
      let most = 0;
      for (const { operation, request, response } of recorder.exchanges) {
        if (operation === "DeleteItem") held -= 1;
        else if (operation === "BatchWriteItem") held -= request.RequestItems[table.name].length;
        else if (request.Segment !== undefined) held += response?.Items.length as number;
        most = Math.max(most, held);
      }
      expect(held).toBe(0);
      // Four pages read ahead, and the one being deleted.
      expect(most).toBeLessThanOrEqual(5 * 10);
      expect(most).toBeGreaterThan(10);
    },
  );

  const name = "ItemCollectionSizeLimitExceededException";
  const failed = serviceError(name, "no");
  const some = (nth: number) => nth % 7 === 3 && failed;
  const denied = () => accessDenied("BatchWriteItem");
  it.each<[string, boolean, Record<string, (nth: number) => Spoiled | false>, number, number]>([
    ["some deletes failed", false, { DeleteItem: some }, 1, 39],
    [
      "the same of a role without batches",
      true,
      { BatchWriteItem: denied, DeleteItem: some },
      1,
      39,
    ],
    ["the last delete failed", false, { DeleteItem: (nth) => nth === 40 && failed }, 1, 1],
    ["the last batch failed", true, { BatchWriteItem: (nth) => nth === 2 && failed }, 15, 25],
    ["the scan failed", true, { Scan: () => failed }, 40, 40],
  ])("[CLR-4] rejects where %s; repeating it is safe", async (_, batch, faults, least, most) => {
    const driver = await many(40, { batch });
    await table.putRow("kept", { value: { S: "v" } });
    recorder.spoil(({ operation }, nth) => faults[operation]?.(nth) || undefined);
    const rejection = { name, operation: "clear", table: table.name };
    await expect(driver.clear("many")).rejects.toMatchObject(rejection);
    const left = (await table.keys()).length - 1;
    expect([left >= least, left <= most], `${left} left`).toEqual([true, true]);
    recorder.reset();
    for (let n = 0; n < 2; n += 1) await driver.clear("many");
    expect(await table.keys()).toEqual(["kept"]);
  });

  it("[CLR-4] unprocessed deletes are retried", async () => {
    const driver = await many(60);
    recorder.spoil(leaveOver("BatchWriteItem", 2));
    await driver.clear("many:");
    expect(await table.keys()).toEqual([]);
    expect(recorder.of("BatchWriteItem").length).toBeGreaterThan(3);
  });

  it("[CLR-4] two concurrent calls do not disturb each other", async () => {
    const driver = await many(60);
    await Promise.all([driver.clear("many:"), driver.clear("")]);
    expect(await table.keys()).toEqual([]);
  });
});
