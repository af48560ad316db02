import { createRequire } from "node:module";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as esm from "../index.mjs";
import dynamoDbCacheDriver from "../index.mjs";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const cjs = createRequire(import.meta.url)("../index.js");
const table = useTable();
const recorder = useRecorder();

describe("the entries", () => {
  it("[API-1] import: the default and the named export are one function", () => {
    expect(esm.default).toBeTypeOf("function");
    expect(esm.dynamoDbCacheDriver).toBe(esm.default);
  });

  it("[API-1] require: the module, `default` and the named export are one function", () => {
    expect(cjs).toBeTypeOf("function");
    expect(cjs.default).toBe(cjs);
    expect(cjs.dynamoDbCacheDriver).toBe(cjs);
  });

  it.each([
    ["import", esm.default, esm.DynamoDbError],
    ["require", cjs, cjs.DynamoDbError],
  ])("[API-1] %s: errors are instances of its own DynamoDbError", async (_, factory, Class) => {
    const error = await failureOf(factory({}).getItem("k"));
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(Error);
  });
});

describe("the object", () => {
  it("[API-4] is called aws-dynamodb", () => {
    expect(dynamoDbCacheDriver({ table: "some-table" }).name).toBe("aws-dynamodb");
  });

  it("[API-6] no secret shows in the driver or its options", async () => {
    const secret = {
      accessKeyId: "AKIDCANARY",
      secretAccessKey: "CANARY1",
      sessionToken: "CANARY2",
    };
    const driver = table.driver({ credentials: secret, endpoint: recorder.endpoint });
    // After a call too: by then the native side holds them.
    await driver.getItem("k").catch(() => null);
    const everything = { showHidden: true, depth: Infinity, getters: true } as const;
    for (const subject of [driver, driver.options, driver.getItem, driver.dispose]) {
      const shown = [inspect(subject, everything), JSON.stringify(subject), String(subject)];
      expect(shown.join("\n")).not.toContain("CANARY");
    }
    expect(recorder.exchanges[0]?.securityToken).toBe("CANARY2");
  });

  it("[API-7] every method works detached from it", async () => {
    // With the arguments that unstorage passes, more than some methods declare.
    const driver: any = table.driver();
    const { hasItem, getItem, setItem, removeItem, getKeys, clear, dispose } = driver;
    const { getItems, setItems, getItemRaw, setItemRaw, getMeta } = driver;
    await clear("detached:", {});
    await setItem("detached:a", "1", {});
    expect(await getItem("detached:a")).toBe("1");
    expect(await hasItem("detached:a", {})).toBe(true);
    expect(await getKeys("detached:", {})).toEqual(["detached:a"]);
    await setItems([{ key: "detached:b", value: "2", options: {} }], {});
    expect(await getItems([{ key: "detached:b" }], {})).toEqual([
      { key: "detached:b", value: "2" },
    ]);
    await setItemRaw("detached:b", new Uint8Array([3]), {});
    expect(await getItemRaw("detached:b", {})).toEqual(Buffer.from([3]));
    expect(await getMeta("detached:b", {})).toEqual({ size: 1 });
    await removeItem("detached:b", {});
    await removeItem("detached:a", {});
    expect(await hasItem("detached:a", {})).toBe(false);
    await dispose();
    await expect(getItem("detached:a")).rejects.toMatchObject({ code: "ERR_DYNAMODB_CLOSED" });
  });

  it("[API-8] undefined for a base or for options is normal", async () => {
    const driver: any = table.driver();
    await driver.clear(undefined, undefined);
    await driver.setItem("k", "v", undefined);
    await driver.setItem("k2", "v", { ttl: undefined });
    expect(await driver.getItem("k", undefined)).toBe("v");
    expect(await driver.hasItem("k", undefined)).toBe(true);
    expect(await driver.getItemRaw("k", undefined)).toBe("v");
    expect(await driver.getMeta("k", undefined)).toEqual({ size: 1 });
    expect(await driver.getItems(["k"], undefined)).toEqual([{ key: "k", value: "v" }]);
    await driver.setItems([{ key: "k", value: "v", options: undefined }], undefined);
    await driver.setItemRaw("k", "v", undefined);
    expect((await driver.getKeys(undefined, undefined)).sort()).toEqual(["k", "k2"]);
    expect((await driver.getKeys(undefined, { maxDepth: undefined })).sort()).toEqual(["k", "k2"]);
    expect(await driver.getKeys()).toHaveLength(2);
    await driver.removeItem("k2", undefined);
    await driver.clear();
    expect(await table.keys()).toEqual([]);
  });

  const four = ["DeleteItem", "GetItem", "PutItem", "Scan"];
  const six = ["BatchGetItem", "BatchWriteItem", ...four];
  it.each([
    ["four operations are enough", false, four],
    ["two batch operations help", true, six],
  ])("[API-9] %s, and nothing else is called", async (_, batch, allowed) => {
    const driver = table.driver({ endpoint: recorder.endpoint, expireIn: 60, batch });
    await driver.setItem("only:a", "1");
    await driver.setItem("only:b", "2", { ttl: 0 });
    await driver.setItems(["c", "d", "e"].map((name) => ({ key: `only:${name}`, value: 3 })));
    await driver.setItemRaw("only:f", new Uint8Array([4]));
    await driver.getItem("only:a");
    await driver.getItems(["only:a", "only:b"]);
    await driver.getItemRaw("only:f");
    await driver.getMeta("only:f");
    await driver.hasItem("only:a");
    await driver.getKeys("only:", { maxDepth: 1 });
    await driver.removeItem("only:a");
    await driver.clear("only:");
    await driver.clear();
    await driver.dispose();
    expect([...new Set(recorder.operations())].sort()).toEqual(allowed);
  });

  it("[API-13] 1,000 operations started on one tick all settle, each with its own result", async () => {
    const driver = table.driver();
    const even = Array.from({ length: 500 }, (_, index) => 2 * index);
    await Promise.all(even.map((n) => driver.setItem(`many:${n}`, `value ${n}`)));
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => driver.getItem(`many:${n}`)),
    );
    expect(results).toEqual(
      Array.from({ length: 1000 }, (_, n) => (n % 2 === 0 ? `value ${n}` : null)),
    );
    await Promise.all(even.map((n) => driver.removeItem(`many:${n}`)));
    expect(await driver.getKeys("many:")).toEqual([]);
  }, 60_000);

  it("[API-14] sets no flags", () => {
    expect(dynamoDbCacheDriver({ table: "some-table" })).not.toHaveProperty("flags");
  });
});
