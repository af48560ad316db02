import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { nastyKey, seededRandom, testSeed } from "./helpers/random";
import { useRecordedTable } from "./helpers/recorded";
import { unstorages } from "./helpers/unstorage";

const { table, recorder, recorded } = useRecordedTable();

describe("valid keys", () => {
  const short =
    "a \0 nul\0middle line\nbreak\r\ttab : a: a::b %3A .. null undefined __proto__".split(" ");
  // Normal forms and letter case distinguish keys.
  const letters =
    "é e\u0301 İstanbul istanbul ISTANBUL 日本語 \ufeffbom \ufffd \uffff \u{10ffff} 👩‍👩‍👧".split(" ");
  const spaced = [
    " spaces ",
    "#k :p $ {} [] \" ' \\ / % ?",
    "עברית العربية",
    "\u202eright to left",
  ];
  const units = ["x", "\0", "é", "😀"].map((unit) => unit.repeat(2048 / Buffer.byteLength(unit)));
  const known = [...short, ...letters, ...spaced, ...units, `${"€".repeat(682)}ab`];
  const seed = testSeed();
  const random = seededRandom(seed);
  const made = Array.from({ length: 300 }, () => nastyKey(random, 2048)).filter(Boolean);

  it.each([
    ["known keys", known],
    [`random keys, TEST_SEED=${seed}`, [...new Set(made)]],
  ])(
    "[KEY-1] %s are returned unchanged, each with its own value",
    async (_, keys) => {
      const driver = table.driver();
      const each = <T>(call: (key: string) => T) => Promise.all(keys.map(call));
      await each((key) => driver.setItem(key, `of ${key}`));
      expect(await each((key) => driver.getItem(key))).toEqual(keys.map((key) => `of ${key}`));
      expect(await each((key) => driver.hasItem(key))).toEqual(keys.map(() => true));
      expect((await driver.getKeys()).sort()).toEqual([...keys].sort());
      expect(await table.keys()).toEqual([...keys].sort());
      // Removing every other key does not affect the rest.
      await Promise.all(keys.map((key, index) => index % 2 === 0 && driver.removeItem(key)));
      const left = keys.filter((_key, index) => index % 2 === 1);
      expect((await driver.getKeys()).sort()).toEqual(left.sort());
      await driver.clear();
      expect(await table.keys()).toEqual([]);
    },
    60_000,
  );
});

describe("invalid keys", () => {
  const sized: [string, RegExp][] = [
    ["", /empty/],
    ["x".repeat(2049), /2,?049/],
    ["€".repeat(683), /2,?049/],
    ["é".repeat(1025), /2,?050/],
    ["x".repeat(1_000_000), /1,?000,?000/],
  ];
  const malformed = ["a\ud800", "\ud800\0", "\udc00a", "\udc00\ud800", "\ud83dx"];
  const objects = [{ key: "k" }, ["k"], new String("k"), new Uint8Array([107]), () => "k"];
  const notText = [5, null, undefined, Symbol("k"), ...objects];
  type Call = (driver: any, key: unknown) => Promise<unknown>;
  const reads: Record<string, Call> = {
    getItem: (driver, key) => driver.getItem(key),
    hasItem: (driver, key) => driver.hasItem(key),
    getItemRaw: (driver, key) => driver.getItemRaw(key),
    getItems: (driver, key) => driver.getItems([{ key: "fine" }, { key }]),
    getMeta: (driver, key) => driver.getMeta(key),
    removeItem: (driver, key) => driver.removeItem(key),
  };
  const fine = { key: "fine", value: "v" };
  const writes: Record<string, Call> = {
    setItem: (driver, key) => driver.setItem(key, "v"),
    setItemRaw: (driver, key) => driver.setItemRaw(key, "v"),
    setItems: (driver, key) => driver.setItems([fine, { key, value: "v" }]),
  };

  it.each(Object.entries({ ...reads, ...writes }))("[KEY-2] %s rejects them", async (...method) => {
    const [operation, call] = method;
    const unknown = notText.map((key): [unknown, RegExp] => [key, /key/]);
    const unstorable: [unknown, RegExp][] = malformed.map((key) => [key, /surrogate/]);
    const known = sized.map(([key, size]): [string, RegExp] => [key, size]);
    for (const [key, words] of operation in reads
      ? unknown
      : [...unknown, ...unstorable, ...known]) {
      const error = await failureOf(call(recorded(), key));
      const code = "ERR_DYNAMODB_INVALID_KEY";
      const shape = { name: "DynamoDbError", code, operation, retryable: false };
      expect(error, inspect(key, { maxStringLength: 20 })).toMatchObject(shape);
      expect(error.message).toMatch(words);
      if (String(words).includes("0")) expect(error.message).toMatch(/2,?048/);
      expect(error.message.length).toBeLessThan(1000);
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it("[KEY-3] if they are strings, reads find nothing and send no request", async () => {
    for (const key of [...sized.map(([long]) => long), ...malformed]) {
      const driver = recorded();
      const { getItem, getItemRaw, getMeta, hasItem, removeItem } = reads;
      const found = [getItem, getItemRaw, getMeta, hasItem, removeItem].map((read) =>
        read!(driver, key),
      );
      expect(await Promise.all(found)).toEqual([null, null, null, false, undefined]);
      const none = { key, value: null };
      expect(await driver.getItems([key, { key }])).toEqual([none, none]);
      expect(recorder.exchanges).toEqual([]);
      await driver.setItem("there", "v");
      const there = { key: "there", value: "v" };
      expect(await driver.getItems([key, "there", { key }])).toEqual([none, there, none]);
      recorder.reset();
    }
  });

  it("[KEY-3] the base counts towards the length of a key", async () => {
    const driver = recorded({ base: "app" });
    expect(await driver.getItem("x".repeat(2_045))).toBeNull();
    expect(recorder.exchanges).toEqual([]);
    expect(await driver.getItem("x".repeat(2_044))).toBeNull();
    expect(recorder.exchanges).toHaveLength(1);
  });

  it.each(unstorages)(
    "[KEY-3] [API-11] unstorage %s reads the meta of the longest key, whose metadata key with `$` is too long",
    async (_, unstorage) => {
      const storage = unstorage.createStorage({ driver: table.driver() });
      const key = "k".repeat(2_048);
      await storage.setItem(key, "v");
      expect(await storage.getMeta(key)).toMatchObject({ size: 1 });
      await storage.removeItem(key, { removeMeta: true });
      expect(await storage.hasItem(key)).toBe(false);
    },
  );
});
