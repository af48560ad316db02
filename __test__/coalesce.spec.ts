// Reads that share a request, from JavaScript's perspective. tests/flights.rs tests the order of reads and writes.
import { expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const behindRecorder = (options = {}) =>
  table.driver({ endpoint: recorder.endpoint, batch: false, ...options });

it("[FLY-1] [FLY-6] 50 reads of one key share one request and its capacity units", async () => {
  const driver = behindRecorder();
  await driver.setItem("k", "v".repeat(5000));
  recorder.hold();
  const reads = Array.from({ length: 50 }, () => driver.getItem("k"));
  const others = [driver.hasItem("k"), driver.getItemRaw("k"), driver.getMeta("k")];
  await expect.poll(() => recorder.inFlight).toBe(1);
  recorder.release();
  expect(new Set(await Promise.all(reads))).toEqual(new Set(["v".repeat(5000)]));
  expect(await Promise.all(others)).toEqual([true, "v".repeat(5000), { size: 5000 }]);
  expect(driver.getInstance().stats()).toMatchObject({
    requests: 2,
    readUnits: 1,
    writeUnits: 5,
    coalesced: 52,
  });
  await driver.getItem("k");
  expect(driver.getInstance().stats()).toMatchObject({ requests: 3, coalesced: 52 });
});

it("[FLY-2] consistent reads, getItems and `coalesce: false` send their own requests", async () => {
  const keys = ["k", "k"];
  const driver = behindRecorder();
  await Promise.all(keys.map((key) => driver.getItem(key, { consistentRead: true })));
  await Promise.all(keys.map((key) => driver.getItems([key])));
  expect(recorder.exchanges).toHaveLength(4);
  const alone = behindRecorder({ coalesce: "false" });
  await Promise.all(keys.map((key) => alone.getItem(key)));
  expect(recorder.exchanges).toHaveLength(6);
  const error = await failureOf(behindRecorder({ coalesce: 1 }).getItem("k"));
  expect(error.message).toContain("`coalesce`");
});

it("[FLY-4] each caller has its own signal and its own bytes", async () => {
  const driver = behindRecorder();
  await driver.setItemRaw("k", new Uint8Array([1, 2, 3]));
  recorder.hold();
  const abort = new AbortController();
  const aborted = failureOf(driver.getItemRaw("k", { signal: abort.signal }));
  const reads = [driver.getItemRaw("k"), driver.getItemRaw("k")];
  await expect.poll(() => recorder.inFlight).toBe(1);
  abort.abort();
  expect((await aborted).code).toBe("ERR_DYNAMODB_ABORTED");
  recorder.release();
  const [one, other] = await Promise.all(reads);
  one[0] = 9;
  expect([...one, ...other]).toEqual([9, 2, 3, 1, 2, 3]);
  expect(recorder.exchanges).toHaveLength(2);
});

it("[FLY-5] each caller of a failed request gets its own error, with its own method", async () => {
  const driver = behindRecorder();
  recorder.spoil(() => serviceError("ValidationException", "no"));
  recorder.hold();
  const errors = [failureOf(driver.getItem("k")), failureOf(driver.hasItem("k"))];
  await expect.poll(() => recorder.inFlight).toBe(1);
  recorder.release();
  const [got, had] = await Promise.all(errors);
  expect(got).not.toBe(had);
  expect([got!.operation, had!.operation]).toEqual(["getItem", "hasItem"]);
  expect(had).toMatchObject({ code: "ERR_DYNAMODB_VALIDATION", key: "k" });
  expect(recorder.exchanges).toHaveLength(1);
});
