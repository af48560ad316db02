import { readFileSync } from "node:fs";
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

/** Calls every method detached from its driver, as unstorage does: with more arguments than some of them declare. */
async function useAll(driver: any, base: unknown, options: unknown): Promise<void> {
  const { hasItem, getItem, setItem, removeItem, getKeys, clear } = driver;
  const { getItems, setItems, getItemRaw, setItemRaw, getMeta, dispose } = driver;
  await clear(base, options);
  await setItem("a", "1", options);
  await setItems([{ key: "b", value: "2", options }], options);
  await setItems(
    ["c", "d"].map((key) => ({ key, value: 3 })),
    options,
  );
  expect(await getItem("a", options)).toBe("1");
  expect(await hasItem("a", options)).toBe(true);
  expect((await getKeys(base, options)).sort()).toEqual(["a", "b", "c", "d"]);
  expect(await getItems(["b"], options)).toEqual([{ key: "b", value: "2" }]);
  const both = ["c", "b"].map((key) => ({ key }));
  expect((await getItems(both, options)).map(({ value }: any) => value)).toEqual([3, "2"]);
  await setItemRaw("b", new Uint8Array([3]), options);
  expect(await getItemRaw("b", options)).toEqual(Buffer.from([3]));
  expect(await getMeta("b", options)).toEqual({ size: 1 });
  await removeItem("a", options);
  expect(await hasItem("a", options)).toBe(false);
  await clear(base, options);
  expect(await table.keys()).toEqual([]);
  await dispose();
  await expect(getItem("a")).rejects.toMatchObject({ code: "ERR_DYNAMODB_CLOSED" });
}

describe("the entries", () => {
  it("[API-1] import and require return the same function under every name", () => {
    expect(esm.default).toBeTypeOf("function");
    expect(esm.dynamoDbCacheDriver).toBe(esm.default);
    expect(cjs).toBeTypeOf("function");
    expect([cjs.default, cjs.dynamoDbCacheDriver]).toEqual([cjs, cjs]);
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
  it("[API-4] [API-14] is named aws-dynamodb and sets no flags", () => {
    const driver = dynamoDbCacheDriver({ table: "some-table" });
    expect(driver.name).toBe("aws-dynamodb");
    expect(driver).not.toHaveProperty("flags");
  });

  it("[API-6] the driver and its options show no secret", async () => {
    const [secretAccessKey, sessionToken] = ["CANARY1", "CANARY2"];
    const credentials = { accessKeyId: "AKIDCANARY", secretAccessKey, sessionToken };
    const driver = table.driver({ credentials, endpoint: recorder.endpoint });
    // Also after a call, when the native side has a copy.
    await driver.getItem("k").catch(() => null);
    const everything = { showHidden: true, depth: Infinity, getters: true } as const;
    for (const subject of [driver, driver.options, driver.getItem, driver.dispose]) {
      const shown = [inspect(subject, everything), JSON.stringify(subject), String(subject)];
      expect(shown.join("\n")).not.toContain("CANARY");
    }
    expect(recorder.exchanges[0]?.securityToken).toBe("CANARY2");
  });

  it.each([
    [undefined, undefined],
    [null, null],
    ["", {}],
    ["", { ttl: undefined, maxDepth: undefined }],
  ])("[API-7] [API-8] every method works detached, with base %j and options %j", (base, options) =>
    useAll(table.driver(), base, options),
  );

  const four = ["DeleteItem", "GetItem", "PutItem", "Scan"];
  it.each([
    [false, four],
    [true, ["BatchGetItem", "BatchWriteItem", ...four]],
  ])("[API-9] [BAT-10] with `batch: %j` nothing but %j is called", async (batch, allowed) => {
    const driver = table.driver({ endpoint: recorder.endpoint, batch });
    await useAll(driver, "", { ttl: 0 });
    expect([...new Set(recorder.operations())].sort()).toEqual(allowed);
  });
});

it("[API-1] CommonJS exports every type that ES modules export", () => {
  const text = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  const names = (file: string, pattern: RegExp) =>
    [...text(file).matchAll(pattern)].map(([, name]) => name).sort();
  const declared = names("types.d.ts", /^export (?:declare )?(?:interface|type|class) (\w+)/gm);
  expect(declared.length).toBeGreaterThan(20);
  expect(names("index.d.ts", /^  type (\w+) = types\./gm)).toEqual(declared);
});
