// Roles that may not batch: single operations do the work.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { accessDenied, useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";
import { warnings } from "./helpers/warnings";

const table = useTable();
const recorder = useRecorder();
const keys = Array.from({ length: 120 }, (_, index) => `k:${index}`);
const items = keys.map((key) => ({ key, value: [key] }));

function denyBatches(): void {
  recorder.spoil(({ operation }) =>
    operation.startsWith("Batch") ? accessDenied(operation) : undefined,
  );
}

function count(operation: string): number {
  return recorder.of(operation).length;
}

describe("[BAT-9] a role without the batch permissions", () => {
  it("writes, reads and clears singly, remembers it, and says so once", async () => {
    denyBatches();
    recorder.delay(5);
    const warned = warnings();
    const driver = table.driver({ endpoint: recorder.endpoint });
    await driver.setItems(items);
    expect(await driver.getItems(items)).toEqual(items);
    // At most the batches that were on their way when the first denial came.
    const [reads, writes] = [count("BatchGetItem"), count("BatchWriteItem")];
    expect(reads).toBeLessThanOrEqual(4);
    expect(writes).toBeLessThanOrEqual(4);
    expect(count("PutItem")).toBe(120);
    expect(count("GetItem")).toBe(120);
    await driver.setItems(items);
    expect(await driver.getItems([...keys, ...keys])).toEqual([...items, ...items]);
    await driver.clear("k");
    expect(await table.keys()).toEqual([]);
    expect([count("BatchGetItem"), count("BatchWriteItem")]).toEqual([reads, writes]);
    expect(recorder.peak).toBeGreaterThan(4);
    expect(recorder.peak).toBeLessThanOrEqual(50);
    const told = (await warned.stop()).map(({ message }) => message);
    // Once per permission.
    expect(told).toHaveLength(2);
    for (const action of ["BatchWriteItem", "BatchGetItem"]) {
      expect(told.filter((message) => message.includes(`dynamodb:${action}`))).toHaveLength(1);
    }
    expect(told.join()).toContain("`batch`");
  }, 60_000);

  it("a lost permission for one of them changes nothing for the other", async () => {
    recorder.spoil(({ operation }) =>
      operation === "BatchGetItem" ? accessDenied(operation) : undefined,
    );
    const warned = warnings();
    const driver = table.driver({ endpoint: recorder.endpoint });
    await driver.setItems(items);
    expect(await driver.getItems(items)).toEqual(items);
    expect(count("BatchWriteItem")).toBe(5);
    expect(count("PutItem")).toBe(0);
    expect(await warned.stop()).toHaveLength(1);
  }, 30_000);

  it("without the single permission either, the error names that one", async () => {
    recorder.spoil(({ operation }) => accessDenied(operation));
    const driver = table.driver({ endpoint: recorder.endpoint });
    const warned = warnings();
    const write = await failureOf(driver.setItems(items));
    expect(write).toMatchObject({ code: "ERR_DYNAMODB_ACCESS_DENIED", operation: "setItems" });
    expect(write.message).toContain("dynamodb:PutItem");
    expect([...write.keys].sort()).toEqual([...keys].sort());
    const read = await failureOf(driver.getItems(items));
    expect(read).toMatchObject({ code: "ERR_DYNAMODB_ACCESS_DENIED", operation: "getItems" });
    expect(read.message).toContain("dynamodb:GetItem");
    await warned.stop();
  }, 30_000);

  it("[ABT-8] a warning that cannot be given changes no result", async () => {
    const script = `
      const [silent, mute] = [{ value: () => { throw new Error("no warnings"); } }, { value: undefined }];
      for (const emit of [silent, mute]) {
        Object.defineProperty(process, "emitWarning", { ...emit, configurable: true, writable: true });
        const driver = dynamoDbCacheDriver({ ...JSON.parse(process.env.OPTIONS), expiresIn: 5 });
        report(await driver.setItems([{ key: "a", value: "1" }, { key: "b", value: "2" }]).then(() => "done"));
        report(await driver.setItem("a", "v", { maxAge: 5 }).then(() => "done"));
      }
    `;
    recorder.spoil(({ operation }) =>
      operation === "BatchWriteItem" ? accessDenied(operation) : undefined,
    );
    const options = { ...engineOptions(table.name), endpoint: recorder.endpoint };
    const { reports } = await runChild(script, { env: { OPTIONS: JSON.stringify(options) } });
    expect(reports).toEqual(["done", "done", "done", "done"]);
  });

  it("the warning is a process warning that a user sees", async () => {
    denyBatches();
    const options = { ...engineOptions(table.name), endpoint: recorder.endpoint };
    const { code, stderr } = await runChild(`
      const driver = dynamoDbCacheDriver(${literal(options)});
      await driver.getItems(["a", "b"]);
      await driver.getItems(["a", "b"]);
    `);
    expect(code).toBe(0);
    expect(stderr.match(/DynamoDbWarning: \[unstorage\] \[aws-dynamodb\]/g)).toHaveLength(1);
  });
});

describe("[BAT-10] batch: false", () => {
  it("sends single requests only, and warns of nothing", async () => {
    const warned = warnings();
    const driver = table.driver({ endpoint: recorder.endpoint, batch: false });
    await driver.setItems(items);
    expect(await driver.getItems(items)).toEqual(items);
    await driver.clear("k");
    expect([...new Set(recorder.operations())].sort()).toEqual([
      "DeleteItem",
      "GetItem",
      "PutItem",
      "Scan",
    ]);
    expect(await warned.stop()).toEqual([]);
  }, 30_000);
});
