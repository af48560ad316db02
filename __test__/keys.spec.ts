import { inspect } from "node:util";
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { nastyKey, seededRandom, testSeed } from "./helpers/random";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("keys that are stored", () => {
  const keys = [
    "a",
    "\0",
    "nul\0in\0the middle",
    "line\nbreak\r\ttab",
    " spaces ",
    ":",
    "a:",
    "a::b",
    "#k :p $ {} [] \" ' \\ / % ?",
    "%3A",
    "..",
    "null",
    "undefined",
    "__proto__",
    // The same letter in two normalisation forms is two keys.
    "é",
    "e\u0301",
    "İstanbul",
    "istanbul",
    "ISTANBUL",
    "日本語",
    "עברית العربية",
    "\u202eright to left",
    "\ufeffbom",
    "\ufffd",
    "\uffff",
    "\u{10ffff}",
    "👩‍👩‍👧",
    "x".repeat(2048),
    "\0".repeat(2048),
    "é".repeat(1024),
    `${"€".repeat(682)}ab`,
    "😀".repeat(512),
  ];

  it("[KEY-1] are returned unchanged, each with its own value", async () => {
    const driver = table.driver();
    await Promise.all(keys.map((key, index) => driver.setItem(key, `value ${index}`)));
    const values = await Promise.all(keys.map((key) => driver.getItem(key)));
    expect(values).toEqual(keys.map((_, index) => `value ${index}`));
    expect((await driver.getKeys()).sort()).toEqual([...keys].sort());
    expect(await table.keys()).toEqual([...keys].sort());
    expect(await Promise.all(keys.map((key) => driver.hasItem(key)))).toEqual(keys.map(() => true));
    await Promise.all(keys.map((key) => driver.removeItem(key)));
    expect(await table.keys()).toEqual([]);
  }, 30_000);

  it("[KEY-1] 300 random keys are returned unchanged", async () => {
    const seed = testSeed();
    console.log(`keys.spec.ts: TEST_SEED=${seed}`);
    const random = seededRandom(seed);
    const made = new Set<string>();
    while (made.size < 300) made.add(nastyKey(random, 2048));
    made.delete("");
    const all = [...made];
    const driver = table.driver();
    await Promise.all(all.map((key) => driver.setItem(key, `of ${key}`)));
    const values = await Promise.all(all.map((key) => driver.getItem(key)));
    expect(values, `seed ${seed}`).toEqual(all.map((key) => `of ${key}`));
    expect((await driver.getKeys()).sort(), `seed ${seed}`).toEqual([...all].sort());
    // Removes every other key. The rest must be unaffected.
    const gone = all.filter((_, index) => index % 2 === 0);
    await Promise.all(gone.map((key) => driver.removeItem(key)));
    const left = all.filter((_, index) => index % 2 === 1);
    expect((await driver.getKeys()).sort(), `seed ${seed}`).toEqual(left.sort());
    await driver.clear();
    expect(await table.keys()).toEqual([]);
  }, 60_000);
});

describe("keys that cannot exist", () => {
  const sized: [string, string, RegExp][] = [
    ["an empty key", "", /empty/],
    ["2,049 bytes", "x".repeat(2049), /2,?049/],
    ["2,049 bytes in 683 characters", "€".repeat(683), /2,?049/],
    ["2,050 bytes in 1,025 characters", "é".repeat(1025), /2,?050/],
    ["a megabyte", "x".repeat(1_000_000), /1,?000,?000/],
  ];
  const malformed: [string, string][] = [
    ["a lone high surrogate", "a\ud800"],
    ["a lone surrogate before a NUL", "\ud800\0"],
    ["a lone low surrogate", "\udc00a"],
    ["surrogates the wrong way round", "\udc00\ud800"],
    ["a high surrogate before a letter", "\ud83dx"],
  ];
  const notText: [string, unknown][] = [
    ["a number", 5],
    ["null", null],
    ["undefined", undefined],
    ["an object", { key: "k" }],
    ["an array", ["k"]],
    ["a String object", new String("k")],
    ["bytes", new Uint8Array([107])],
    ["a symbol", Symbol("k")],
    ["a function", () => "k"],
  ];
  type Method = [string, (driver: any, key: unknown) => Promise<unknown>];
  const reads: Method[] = [
    ["getItem", (driver, key) => driver.getItem(key)],
    ["hasItem", (driver, key) => driver.hasItem(key)],
    ["getItemRaw", (driver, key) => driver.getItemRaw(key)],
    ["getItems", (driver, key) => driver.getItems([{ key: "fine" }, { key }])],
    ["getMeta", (driver, key) => driver.getMeta(key)],
    ["removeItem", (driver, key) => driver.removeItem(key)],
  ];
  const writes: Method[] = [
    ["setItem", (driver, key) => driver.setItem(key, "v")],
    ["setItemRaw", (driver, key) => driver.setItemRaw(key, "v")],
    [
      "setItems",
      (driver, key) =>
        driver.setItems([
          { key: "fine", value: "v" },
          { key, value: "v" },
        ]),
    ],
  ];

  it.each([...sized, ...malformed].map(([name, key]) => [name, key]))(
    "[KEY-3] %s: nothing is found under it",
    async (_, key) => {
      const driver = table.driver({ endpoint: recorder.endpoint });
      expect(await driver.getItem(key)).toBeNull();
      expect(await driver.getItemRaw(key)).toBeNull();
      expect(await driver.getMeta(key)).toBeNull();
      expect(await driver.hasItem(key)).toBe(false);
      expect(await driver.removeItem(key)).toBeUndefined();
      expect(await driver.getItems([key, { key }])).toEqual([
        { key, value: null },
        { key, value: null },
      ]);
      expect(recorder.exchanges).toEqual([]);
      await driver.setItem("there", "v");
      expect(await driver.getItems([key, "there", { key }])).toEqual([
        { key, value: null },
        { key: "there", value: "v" },
        { key, value: null },
      ]);
    },
  );

  it("[KEY-3] the base counts: a key that is only too long with it", async () => {
    const driver = table.driver({ base: "app", endpoint: recorder.endpoint });
    expect(await driver.getItem("x".repeat(2_045))).toBeNull();
    expect(recorder.exchanges).toEqual([]);
    expect(await driver.getItem("x".repeat(2_044))).toBeNull();
    expect(recorder.exchanges).toHaveLength(1);
  });

  it.each(Object.entries({ "1.17": v1, "2.x": v2 as unknown as typeof v1 }))(
    "[KEY-3] [API-11] unstorage %s reads the meta of the longest key, which its `$` makes too long",
    async (_, unstorage) => {
      const storage = unstorage.createStorage({ driver: table.driver() });
      const key = "k".repeat(2_048);
      await storage.setItem(key, "v");
      expect(await storage.getMeta(key)).toMatchObject({ size: 1 });
      await storage.removeItem(key, { removeMeta: true });
      expect(await storage.hasItem(key)).toBe(false);
    },
  );

  async function expectRefusal(operation: string, call: Method[1], key: unknown): Promise<void> {
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(call(driver, key), inspect(key)).rejects.toMatchObject({
      name: "DynamoDbError",
      code: "ERR_DYNAMODB_INVALID_KEY",
      operation,
    });
    expect(recorder.exchanges).toEqual([]);
  }

  describe.each([...reads, ...writes])("%s", (operation, call) => {
    it.each(notText)("[KEY-2] rejects %s", (_, key) => expectRefusal(operation, call, key));
  });

  describe.each(writes)("%s", (operation, call) => {
    it.each(sized)("[KEY-2] rejects %s and names size and limit", async (_, key, size) => {
      const driver = table.driver({ endpoint: recorder.endpoint });
      const error = await failureOf(call(driver, key));
      expect(error).toMatchObject({
        name: "DynamoDbError",
        code: "ERR_DYNAMODB_INVALID_KEY",
        operation,
        retryable: false,
      });
      expect(error.message).toMatch(size);
      expect(error.message).toMatch(/2,?048/);
      expect(error.message.length).toBeLessThan(1000);
      expect(recorder.exchanges).toEqual([]);
    });

    it.each(malformed)("[KEY-2] rejects %s", (_, key) => expectRefusal(operation, call, key));
  });
});
