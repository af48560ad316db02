// Roles without batch permissions: the driver uses single operations.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { accessDenied, useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";
import { warningsOf } from "./helpers/warnings";

const table = useTable();
const recorder = useRecorder();
const keys = Array.from({ length: 120 }, (_, index) => `k:${index}`);
const items = keys.map((key) => ({ key, value: [key] }));

const recorded = () => table.driver({ endpoint: recorder.endpoint });

function deny(...prefixes: string[]): void {
  recorder.spoil(({ operation }) =>
    prefixes.some((prefix) => operation.startsWith(prefix)) ? accessDenied(operation) : undefined,
  );
}

const count = (...operations: string[]): number[] =>
  operations.map((operation) => recorder.of(operation).length);

describe("[BAT-9] a role without the batch permissions", () => {
  it("writes, reads and clears with single operations, remembers the denial, and warns once", async () => {
    deny("Batch");
    recorder.delay(5);
    const warnings = await warningsOf(async () => {
      const driver = recorded();
      await driver.setItems(items);
      expect(await driver.getItems(items)).toEqual(items);
      const [reads = 0, writes = 0] = count("BatchGetItem", "BatchWriteItem");
      // At most the batches that were in flight at the first denial.
      expect(Math.max(reads, writes)).toBeLessThanOrEqual(4);
      expect(count("PutItem", "GetItem")).toEqual([120, 120]);
      await driver.setItems(items);
      expect(await driver.getItems([...keys, ...keys])).toEqual([...items, ...items]);
      await driver.clear("k");
      expect(await table.keys()).toEqual([]);
      expect(count("BatchGetItem", "BatchWriteItem")).toEqual([reads, writes]);
    });
    expect(recorder.peak).toBeGreaterThan(4);
    expect(recorder.peak).toBeLessThanOrEqual(50);
    // One warning per permission.
    expect(warnings.sort()).toEqual([
      expect.stringMatching(/^\[unstorage\] \[aws-dynamodb\] .*dynamodb:BatchGetItem.*`batch`/),
      expect.stringMatching(/^\[unstorage\] \[aws-dynamodb\] .*dynamodb:BatchWriteItem.*`batch`/),
    ]);
  }, 60_000);

  it("a denial of one operation does not affect the other", async () => {
    deny("BatchGetItem");
    const warnings = await warningsOf(async () => {
      const driver = recorded();
      await driver.setItems(items);
      expect(await driver.getItems(items)).toEqual(items);
    });
    expect(count("BatchWriteItem", "PutItem")).toEqual([5, 0]);
    expect(warnings).toHaveLength(1);
  });

  it("if the single permission is missing too, the error names it", async () => {
    deny("");
    const driver = recorded();
    const denied = { code: "ERR_DYNAMODB_ACCESS_DENIED" };
    const write = await failureOf(driver.setItems(items));
    expect(write).toMatchObject({ ...denied, operation: "setItems" });
    expect(write.message).toContain("dynamodb:PutItem");
    expect([...write.keys].sort()).toEqual([...keys].sort());
    const read = await failureOf(driver.getItems(items));
    expect(read).toMatchObject({ ...denied, operation: "getItems" });
    expect(read.message).toContain("dynamodb:GetItem");
  });

  it("[ABT-8] a failing warning does not change the result", async () => {
    deny("BatchWriteItem");
    const options = { ...engineOptions(table.name), endpoint: recorder.endpoint };
    const { reports } = await runChild(`
      const silent = () => { throw new Error("no warnings"); };
      for (const value of [silent, undefined]) {
        Object.defineProperty(process, "emitWarning", { value, configurable: true, writable: true });
        const driver = dynamoDbCacheDriver({ ...${literal(options)}, expiresIn: 5 });
        const items = ["a", "b"].map((key) => ({ key, value: "v" }));
        report(await driver.setItems(items).then(() => "done"));
        report(await driver.setItem("a", "v", { maxAge: 5 }).then(() => "done"));
      }
    `);
    expect(reports).toEqual(["done", "done", "done", "done"]);
  });
});
