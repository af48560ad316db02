// Every value that a table can contain, written and read by this driver and by AWS's own document client.
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { describe, expect, it } from "vitest";
import { type Row, useTable } from "./helpers/table";

const table = useTable();

async function writeWithLib(key: string, value: unknown): Promise<void> {
  const client = DynamoDBDocumentClient.from(table.client);
  await client.send(new PutCommand({ TableName: table.name, Item: { key, value } }));
}

async function readWithLib(key: string, exactNumbers = false): Promise<any> {
  const wrapNumbers = exactNumbers ? (text: string) => BigInt(text) : false;
  const client = DynamoDBDocumentClient.from(table.client, { unmarshallOptions: { wrapNumbers } });
  const input = { TableName: table.name, Key: { key }, ConsistentRead: true };
  return (await client.send(new GetCommand(input))).Item?.value;
}

/** Buffer and Uint8Array contain the same bytes, but `toEqual` distinguishes them. */
function plainBytes(value: any): any {
  if (ArrayBuffer.isView(value)) return { bytes: Buffer.from(value as Uint8Array).toString("hex") };
  if (value instanceof Set) return new Set([...value].map(plainBytes));
  if (Array.isArray(value)) return value.map(plainBytes);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plainBytes(part)]));
}

const bytes = new Uint8Array([0, 1, 127, 128, 255]);
const nested = {
  text: "日本 \0 👩‍👩‍👧",
  "a.b:c#d": [0, -1.5, 9_007_199_254_740_991, 5e-7, 2n ** 70n],
  scalars: [true, false, null, bytes, new Uint8Array(0)],
  sets: [new Set(["a", "ä"]), new Set([1, -2.5]), new Set([Uint8Array.of(1), Uint8Array.of(2)])],
  deep: [[[{ deeper: [{ deepest: new Set(["x"]), list: [], map: {} }] }]]],
};

describe("the same as @aws-sdk/lib-dynamodb", () => {
  const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
  const values: [type: keyof NonNullable<Row[string]>, value: any][] = [
    ...["text", ""].map((value): ["S", string] => ["S", value]),
    ...[0, -0.1, MAX_SAFE_INTEGER, MIN_SAFE_INTEGER, 1.5e-100].map((value): ["N", number] => [
      "N",
      value,
    ]),
    ["BOOL", true],
    ["BOOL", false],
    ["NULL", null],
    ["B", bytes],
    ["B", new Uint8Array(0)],
    ["L", ["a", 1, true, null, bytes, [], {}, new Set(["s"])]],
    ["L", []],
    ["M", {}],
    ["M", nested],
    ["SS", new Set(["a", "b", ""])],
    ["NS", new Set([1, 2.5, -3])],
    ["BS", new Set([Uint8Array.of(1, 2), Uint8Array.of(3)])],
  ];

  it.each(values)("[VAL-1] %s: %o", async (type, value) => {
    const driver = table.driver();
    await writeWithLib("theirs", value);
    await driver.setItem("ours", value);
    const [theirs, ours] = [await table.getRow("theirs"), await table.getRow("ours")];
    expect(Object.keys(ours?.value ?? {})).toEqual([type]);
    // Compared as JavaScript values, because sets have no order and numbers have several notations.
    for (const key of ["theirs", "ours"]) {
      expect(plainBytes(await driver.getItem(key))).toEqual(plainBytes(value));
      expect(plainBytes(await readWithLib(key))).toEqual(plainBytes(value));
    }
    if (["S", "BOOL", "NULL", "B", "L"].includes(type)) expect(ours?.value).toEqual(theirs?.value);
  });

  // Short text, and text that V8 uses where the addon has it.
  const texts: [name: string, text: string][] = [
    ["ASCII", 'a "quoted" line\n'],
    ["Latin-1", "caf\u00e9 \u00ff\t"],
    ["UTF-16", "\u0100\u4e00 \u{1f600} \ufffd\uffff"],
    ["UTF-16 in long runs of ASCII", `${"x".repeat(1000)}\u2500`],
  ];
  it.each(texts)("[VAL-1] %s of any length", async (_, text) => {
    const driver = table.driver();
    for (const size of [1, 1000, 66_000, 200_000, 400_000]) {
      const value = text.repeat(size / Buffer.byteLength(text));
      await driver.setItem("long", value);
      const stored = await driver.getItem("long");
      expect(stored === value).toBe(true);
      expect((await readWithLib("long")) === value).toBe(true);
      expect(await driver.getItems([{ key: "long" }], {})).toEqual([{ key: "long", value }]);
    }
  });

  it("[VAL-1] bytes are returned as a Buffer, at any depth", async () => {
    const driver = table.driver();
    await driver.setItem("buffers", [bytes, { b: bytes }, new Set([bytes])]);
    const read = Buffer.from(bytes);
    expect(await driver.getItem("buffers")).toStrictEqual([read, { b: read }, new Set([read])]);
  });

  it.each([
    [
      "a Map",
      new Map<string, any>([
        ["a", 1],
        ["b", new Map([["c", [true]]])],
      ]),
    ],
    [
      "an object without a prototype",
      Object.assign(Object.create(null), { a: 1, b: { c: [true] } }),
    ],
  ])("[VAL-1] %s is stored as a map and returned as a plain object", async (_, map) => {
    await table.driver().setItem("map", map);
    expect(await table.driver().getItem("map")).toStrictEqual({ a: 1, b: { c: [true] } });
    expect(await readWithLib("map")).toEqual({ a: 1, b: { c: [true] } });
  });

  it("[VAL-1] hasItem, getKeys and removeItem work with every type", async () => {
    const driver = table.driver();
    for (const [index, [, value]] of values.entries())
      await driver.setItem(`types:${index}`, value);
    expect(await driver.getKeys("types:")).toHaveLength(values.length);
    for (const index of values.keys()) expect(await driver.hasItem(`types:${index}`)).toBe(true);
    await driver.removeItem("types:0");
    expect(await driver.getKeys("types:")).toHaveLength(values.length - 1);
    await driver.clear("types:");
    expect(await driver.getKeys("types:")).toEqual([]);
  });
});

describe("numbers", () => {
  const digits38 = "12345678901234567890123456789012345678";
  it.each<[string, any]>([
    ["0", 0],
    ["-1.50", -1.5],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9007199254740993", -9_007_199_254_740_993n],
    [digits38, BigInt(digits38)],
    ["1E+30", 10n ** 30n],
    ["1.5E+20", 15n * 10n ** 19n],
    ["0.12345678901234567890123", "0.12345678901234567890123"],
  ])("[VAL-2] a stored %s is not rounded when it is read and written back", async (N, expected) => {
    const driver = table.driver();
    await table.putRow("number", { value: { N } });
    expect(await driver.getItem("number")).toBe(expected);
    await driver.setItem("again", expected);
    expect(await driver.getItem("again")).toBe(expected);
  });

  it("[VAL-2] numbers in sets are not rounded", async () => {
    await table.putRow("numbers", { value: { NS: ["1", digits38] } });
    expect(await table.driver().getItem("numbers")).toEqual(new Set([1, BigInt(digits38)]));
  });

  it("[VAL-2] a BigInt is written with all its digits, and the document client reads it", async () => {
    const big = BigInt(digits38);
    await table.driver().setItem("big", big);
    expect((await table.getRow("big"))?.value?.N).toBe(digits38);
    expect(await readWithLib("big", true)).toBe(big);
    await writeWithLib("big", -big);
    expect(await table.driver().getItem("big")).toBe(-big);
  });
});

describe("[VAL-4] names that are special in JavaScript are plain data", () => {
  const names = "__proto__ constructor toString hasOwnProperty then 0 a.b #k".split(" ");
  const given = (name: string) => ({ isAdmin: true, polluted: name });
  const record = Object.fromEntries(names.map((name) => [name, given(name)]));

  it.each([
    ["an object", record],
    ["a Map", new Map(Object.entries(record))],
  ])("written and read in %s", async (_, value) => {
    const driver: any = table.driver();
    await driver.setItem("names", value);
    const stored = (await table.getRow("names"))?.value?.M ?? {};
    expect(Object.keys(stored).sort()).toEqual([...names].sort());
    const read = await driver.getItem("names");
    const plain = { writable: true, enumerable: true, configurable: true };
    const descriptors = names.map((name) => [name, { value: given(name), ...plain }]);
    expect(Object.entries(Object.getOwnPropertyDescriptors(read)).sort()).toEqual(
      descriptors.sort(),
    );
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as any).isAdmin).toBeUndefined();
  });

  it("in rows that other code wrote", async () => {
    const M = { ["__proto__"]: { M: { isAdmin: { BOOL: true } } }, constructor: { N: "1" } };
    await table.putRow("foreign", { value: { L: [{ M }] } });
    const [read] = await table.driver().getItem("foreign");
    expect(read.isAdmin).toBeUndefined();
    expect(Object.keys(read).sort()).toEqual(["__proto__", "constructor"]);
  });
});
