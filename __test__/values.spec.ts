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
  if (ArrayBuffer.isView(value))
    return {
      bytes: Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).toString(
        "hex",
      ),
    };
  if (value instanceof Set) return new Set([...value].map(plainBytes));
  if (Array.isArray(value)) return value.map(plainBytes);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plainBytes(part)]));
}

const bytes = new Uint8Array([0, 1, 127, 128, 255]);
const everything = {
  text: "日本 \0 👩‍👩‍👧",
  "": "",
  "a.b:c#d": [0, -1.5, 9_007_199_254_740_991, 5e-7, 2n ** 70n],
  yes: true,
  no: false,
  nothing: null,
  bytes,
  noBytes: new Uint8Array(0),
  sets: [new Set(["a", "ä"]), new Set([1, -2.5]), new Set([Uint8Array.of(1), Uint8Array.of(2)])],
  list: [],
  map: {},
  deep: [[[{ deeper: [{ deepest: new Set(["x"]) }] }]]],
};

describe("the same as @aws-sdk/lib-dynamodb", () => {
  const { "": _, ...named } = everything;
  const values: [string, any, keyof NonNullable<Row[string]>][] = [
    ["text", "text", "S"],
    ["the empty text", "", "S"],
    ["zero", 0, "N"],
    ["a negative fraction", -0.1, "N"],
    ["the largest safe integer", Number.MAX_SAFE_INTEGER, "N"],
    ["the smallest safe integer", Number.MIN_SAFE_INTEGER, "N"],
    ["a tiny number", 1.5e-100, "N"],
    ["true", true, "BOOL"],
    ["false", false, "BOOL"],
    ["null", null, "NULL"],
    ["bytes", bytes, "B"],
    ["no bytes", new Uint8Array(0), "B"],
    ["a list of every type", ["a", 1, true, null, bytes, [], {}, new Set(["s"])], "L"],
    ["an empty list", [], "L"],
    ["an empty map", {}, "M"],
    ["a set of strings", new Set(["a", "b", ""]), "SS"],
    ["a set of numbers", new Set([1, 2.5, -3]), "NS"],
    ["a set of bytes", new Set([Uint8Array.of(1, 2), Uint8Array.of(3)]), "BS"],
    ["everything, nested", named, "M"],
  ];

  it.each(values)("[VAL-1] %s", async (name, value, type) => {
    const driver = table.driver();
    await writeWithLib("theirs", value);
    await driver.setItem("ours", value);
    const [theirs, ours] = [await table.getRow("theirs"), await table.getRow("ours")];
    expect(Object.keys(ours?.value ?? {})).toEqual([type]);
    // Sets have no order, and numbers have several notations, so values are compared as they are read.
    expect(plainBytes(await driver.getItem("theirs")), name).toEqual(plainBytes(value));
    expect(plainBytes(await driver.getItem("ours")), name).toEqual(plainBytes(value));
    expect(plainBytes(await readWithLib("ours")), name).toEqual(plainBytes(value));
    expect(plainBytes(await readWithLib("theirs")), name).toEqual(plainBytes(value));
    if (type !== "M" && type !== "N" && !type.endsWith("S"))
      expect(ours?.value).toEqual(theirs?.value);
  });

  it("[VAL-1] bytes are returned as a Buffer, at any depth", async () => {
    const driver = table.driver();
    await driver.setItem("buffers", [bytes, { b: bytes }, new Set([bytes])]);
    const [first, { b }, set] = await driver.getItem("buffers");
    for (const read of [first, b, [...set][0]]) {
      expect(Buffer.isBuffer(read)).toBe(true);
      expect(read).toEqual(Buffer.from(bytes));
    }
  });

  it("[VAL-1] a Map is stored as a map and returned as a plain object", async () => {
    const driver = table.driver();
    const map = new Map<string, any>([
      ["a", 1],
      ["b", new Map([["c", [true]]])],
    ]);
    await driver.setItem("map", map);
    expect(await driver.getItem("map")).toEqual({ a: 1, b: { c: [true] } });
    expect(await readWithLib("map")).toEqual({ a: 1, b: { c: [true] } });
  });

  it("[VAL-1] an object without a prototype is plain", async () => {
    const driver = table.driver();
    await driver.setItem("bare", Object.assign(Object.create(null), { a: 1 }));
    expect(await driver.getItem("bare")).toEqual({ a: 1 });
  });

  it("[VAL-1] hasItem, getKeys and removeItem work with every value", async () => {
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
  it.each<[string, unknown]>([
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
  ])("[VAL-2] a stored %s is never rounded", async (N, expected) => {
    await table.putRow("number", { value: { N } });
    const driver = table.driver();
    const read = await driver.getItem("number");
    expect(read).toBe(expected);
    // Written back to the table, it is the same number.
    if (typeof read === "bigint" || typeof read === "number") {
      await driver.setItem("again", read);
      const exact = await driver.getItem("again");
      expect(exact).toBe(expected);
    }
  });

  it("[VAL-2] in sets too", async () => {
    await table.putRow("numbers", { value: { NS: ["1", digits38] } });
    expect(await table.driver().getItem("numbers")).toEqual(new Set([1, BigInt(digits38)]));
  });

  it("[VAL-2] BigInt is written with all its digits, for the document client too", async () => {
    const big = BigInt(digits38);
    await table.driver().setItem("big", big);
    expect((await table.getRow("big"))?.value?.N).toBe(digits38);
    expect(await readWithLib("big", true)).toBe(big);
    await writeWithLib("big", -big);
    expect(await table.driver().getItem("big")).toBe(-big);
  });
});

describe("names", () => {
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "then",
    "0",
    "a.b",
    "#k",
  ];
  const record = (): any =>
    Object.fromEntries(names.map((name) => [name, { isAdmin: true, polluted: name }]));

  it("[VAL-4] that JavaScript uses itself are plain data, written and read", async () => {
    const driver = table.driver();
    await driver.setItem("names", record());
    const stored = (await table.getRow("names"))?.value?.M ?? {};
    expect(Object.keys(stored).sort()).toEqual([...names].sort());
    const read = await driver.getItem("names");
    expect(Object.keys(read).sort()).toEqual([...names].sort());
    for (const name of names) {
      expect(Object.getOwnPropertyDescriptor(read, name)).toEqual({
        value: { isAdmin: true, polluted: name },
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as any).isAdmin).toBeUndefined();
  });

  it("[VAL-4] in rows of other code and in a Map", async () => {
    const driver = table.driver();
    const M = { ["__proto__"]: { M: { isAdmin: { BOOL: true } } }, constructor: { N: "1" } };
    await table.putRow("foreign", { value: { L: [{ M }] } });
    const [read] = await driver.getItem("foreign");
    expect(read.isAdmin).toBeUndefined();
    expect(Object.keys(read).sort()).toEqual(["__proto__", "constructor"]);
    await driver.setItem("map", new Map(Object.entries(record())) as Map<string, any>);
    expect(Object.keys(await driver.getItem("map")).sort()).toEqual([...names].sort());
    expect(({} as any).isAdmin).toBeUndefined();
  });
});
