// Bytes: exactly the window that was given, as it was at the call.
import { randomBytes } from "node:crypto";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const table = useTable();
const pattern = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);

/** A fresh buffer with the pattern. */
function filled(): ArrayBuffer {
  return pattern.slice().buffer;
}

const kinds = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  // Of Node 24 and later.
  ...("Float16Array" in globalThis ? [(globalThis as any).Float16Array] : []),
];

const windows: [string, () => any, Uint8Array][] = [
  ...kinds.flatMap((Kind: any): [string, () => any, Uint8Array][] => {
    const width: number = Kind.BYTES_PER_ELEMENT;
    return [
      [`a whole ${Kind.name}`, () => new Kind(filled()), pattern],
      [
        `a ${Kind.name}.subarray with an offset`,
        () => new Kind(filled()).subarray(1, 3),
        pattern.slice(width, 3 * width),
      ],
      [
        `a ${Kind.name} at an offset`,
        () => new Kind(filled(), 8, 2),
        pattern.slice(8, 8 + 2 * width),
      ],
      [`an empty ${Kind.name} at an offset`, () => new Kind(filled(), 16, 0), new Uint8Array(0)],
    ];
  }),
  ["a Buffer", () => Buffer.from(pattern), pattern],
  ["a Buffer of Node's pool", () => Buffer.from("pooled"), new TextEncoder().encode("pooled")],
  ["a Buffer.subarray", () => Buffer.from(filled()).subarray(5, 9), pattern.slice(5, 9)],
  ["a whole DataView", () => new DataView(filled()), pattern],
  ["a DataView at an odd offset", () => new DataView(filled(), 7, 5), pattern.slice(7, 12)],
  ["an ArrayBuffer", filled, pattern],
  ["an empty ArrayBuffer", () => new ArrayBuffer(0), new Uint8Array(0)],
  [
    "a SharedArrayBuffer",
    () => {
      const shared = new SharedArrayBuffer(64);
      new Uint8Array(shared).set(pattern);
      return shared;
    },
    pattern,
  ],
  [
    "a window of a SharedArrayBuffer",
    () => {
      const shared = new SharedArrayBuffer(64);
      new Uint8Array(shared).set(pattern);
      return new Uint16Array(shared, 2, 3);
    },
    pattern.slice(2, 8),
  ],
];

describe("windows", () => {
  it.each(windows)("[RAW-1] [RAW-4] [VAL-1] %s", async (_, make, expected) => {
    const driver = table.driver();
    await driver.setItemRaw("raw", make());
    await driver.setItem("item", make());
    await driver.setItems([
      { key: "nested", value: { deep: [make()] } },
      { key: "other", value: make() },
    ]);
    for (const key of ["raw", "item", "other"]) {
      expect((await table.getRow(key))?.value?.B, key).toEqual(expected);
      for (const read of [await driver.getItemRaw(key), await driver.getItem(key)]) {
        expect(Buffer.isBuffer(read)).toBe(true);
        expect(read).toEqual(Buffer.from(expected));
      }
    }
    const nested = (await table.getRow("nested"))?.value;
    expect(nested?.M?.deep?.L?.[0]?.B).toEqual(expected);
  });

  it("[RAW-1] what is read is the caller's own: changing it changes nothing else", async () => {
    const driver = table.driver();
    await driver.setItemRaw("own", pattern);
    const first = await driver.getItemRaw("own");
    first.fill(0);
    expect(await driver.getItemRaw("own")).toEqual(Buffer.from(pattern));
  });

  it("[RAW-1] 400 KB, byte by byte, without base64", async () => {
    const bytes = randomBytes(409_600 - "keyvaluelarge".length);
    const driver = table.driver();
    await driver.setItemRaw("large", bytes);
    expect(bytes.equals(await driver.getItemRaw("large"))).toBe(true);
    await expect(driver.setItemRaw("large", Buffer.concat([bytes, bytes.subarray(0, 1)])))
      .rejects //
      .toMatchObject({ code: "ERR_DYNAMODB_ITEM_TOO_LARGE", operation: "setItemRaw" });
    expect(bytes.equals(await driver.getItemRaw("large"))).toBe(true);
  }, 20_000);
});

describe("after the call", () => {
  const spoilers: [string, (buffer: ArrayBuffer) => void][] = [
    ["overwritten", (buffer) => new Uint8Array(buffer).fill(0)],
    ["transferred by structuredClone", (buffer) => structuredClone(buffer, { transfer: [buffer] })],
    [
      "transferred by postMessage",
      (buffer) => {
        const { port1, port2 } = new MessageChannel();
        port1.postMessage(buffer, [buffer]);
        port1.close();
        port2.close();
      },
    ],
  ];
  const calls: [string, (driver: any, key: string, bytes: Uint8Array) => Promise<void>][] = [
    ["setItem", (driver, key, bytes) => driver.setItem(key, bytes)],
    ["setItemRaw", (driver, key, bytes) => driver.setItemRaw(key, bytes)],
    ["setItems", (driver, key, bytes) => driver.setItems([{ key, value: bytes }])],
  ];
  const cases = spoilers.flatMap((spoiler) => calls.map((call) => [...spoiler, ...call] as const));

  it.each(cases)("[VAL-5] %s", async (how, spoil, method, call) => {
    const driver = table.driver();
    // Many, so that some would still wait for a connection while the buffer changes.
    const keys = Array.from({ length: 60 }, (_, index) => `${how} ${method} ${index}`);
    const writes = keys.map((key) => {
      const buffer = filled();
      const write = call(driver, key, new Uint8Array(buffer));
      spoil(buffer);
      return write;
    });
    await Promise.all(writes);
    const read = await Promise.all(keys.map((key) => driver.getItemRaw(key)));
    for (const bytes of read) expect(bytes).toEqual(Buffer.from(pattern));
  });

  it("[VAL-5] an object that changes after the call is stored as it was", async () => {
    const driver = table.driver();
    const value: any = { list: [1, 2], bytes: new Uint8Array([1]), set: new Set(["a"]) };
    const write = driver.setItem("object", value);
    value.list.push(3);
    value.bytes[0] = 9;
    value.set.add("b");
    value.more = true;
    await write;
    expect(await driver.getItem("object")).toEqual({
      list: [1, 2],
      bytes: Buffer.from([1]),
      set: new Set(["a"]),
    });
  });
});

describe("bytes of a buffer that was transferred", () => {
  it.each(["setItem", "setItemRaw"])(
    "[RAW-1] [VAL-5] %s rejects, and the old value stays",
    async (method) => {
      const driver: any = table.driver();
      await driver.setItem("kept", "old");
      const views = [
        (buffer: ArrayBuffer) => new Uint8Array(buffer),
        (buffer: ArrayBuffer) => new DataView(buffer),
      ];
      for (const view of [...views, (buffer: ArrayBuffer) => buffer]) {
        const buffer = filled();
        const bytes = view(buffer);
        structuredClone(buffer, { transfer: [buffer] });
        await expect(driver[method]("kept", bytes)).rejects.toMatchObject({
          name: "DynamoDbError",
        });
      }
      expect(await driver.getItem("kept")).toBe("old");
    },
  );
});
