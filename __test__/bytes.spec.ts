// Bytes: exactly the range that was passed, with its content at the time of the call.
import { randomBytes } from "node:crypto";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { useTable } from "./helpers/table";

const table = useTable();
const pattern = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);

/** Returns a new buffer with the pattern. */
const filled = (): ArrayBuffer => pattern.slice().buffer;

function shared(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(64);
  new Uint8Array(buffer).set(pattern);
  return buffer;
}

const names =
  "Int8 Uint8 Uint8Clamped Int16 Uint16 Int32 Uint32 Float16 Float32 Float64 BigInt64 BigUint64";
// Float16Array requires Node 24.
const kinds = names.split(" ").flatMap((name) => (globalThis as any)[`${name}Array`] ?? []);

/** A description, a constructor, and the part of the pattern that it covers. */
type Window = [string, () => any, ...part: number[]];
const windows: Window[] = [
  ...kinds.flatMap((Kind: any): Window[] => {
    const { name, BYTES_PER_ELEMENT: width } = Kind;
    return [
      [`a whole ${name}`, () => new Kind(filled())],
      [`a ${name}.subarray`, () => new Kind(filled()).subarray(1, 3), width, 3 * width],
      [`a ${name} at an offset`, () => new Kind(filled(), 8, 2), 8, 8 + 2 * width],
      [`an empty ${name} at an offset`, () => new Kind(filled(), 16, 0), 0, 0],
    ];
  }),
  ["a Buffer of Node's pool", () => Buffer.from(pattern)],
  ["a Buffer.subarray", () => Buffer.from(filled()).subarray(5, 9), 5, 9],
  ["a whole DataView", () => new DataView(filled())],
  ["a DataView at an odd offset", () => new DataView(filled(), 7, 5), 7, 12],
  ["an ArrayBuffer", filled],
  ["an empty ArrayBuffer", () => new ArrayBuffer(0), 0, 0],
  ["a SharedArrayBuffer", shared],
  ["a window of a SharedArrayBuffer", () => new Uint16Array(shared(), 2, 3), 2, 8],
];

describe("windows", () => {
  it.each(windows)("[RAW-1] [RAW-4] [VAL-1] %s", async (_, make, ...part) => {
    const expected = pattern.slice(...part);
    const driver = table.driver();
    await driver.setItemRaw("raw", make());
    await driver.setItem("item", make());
    await driver.setItems(
      Object.entries({ nested: [make()], other: make() }).map(([key, value]) => ({ key, value })),
    );
    for (const key of ["raw", "item", "other"]) {
      expect((await table.getRow(key))?.value?.B, key).toEqual(expected);
      for (const read of [await driver.getItemRaw(key), await driver.getItem(key)]) {
        expect(Buffer.isBuffer(read)).toBe(true);
        expect(read).toEqual(Buffer.from(expected));
      }
    }
    expect((await table.getRow("nested"))?.value).toEqual({ L: [{ B: expected }] });
  });

  it("[RAW-1] each read returns a separate object that the caller may change", async () => {
    const driver = table.driver();
    await driver.setItemRaw("own", pattern);
    (await driver.getItemRaw("own")).fill(0);
    expect(await driver.getItemRaw("own")).toEqual(Buffer.from(pattern));
  });

  it("[RAW-1] 400 KB, byte by byte, without base64", async () => {
    const bytes = randomBytes(409_600 - "keyvaluelarge".length);
    const driver = table.driver();
    await driver.setItemRaw("large", bytes);
    const tooLarge = driver.setItemRaw("large", Buffer.concat([bytes, Buffer.of(0)]));
    const code = "ERR_DYNAMODB_ITEM_TOO_LARGE";
    await expect(tooLarge).rejects.toMatchObject({ code, operation: "setItemRaw" });
    expect(bytes.equals(await driver.getItemRaw("large"))).toBe(true);
  });
});

type Write = (driver: any, key: string, bytes: unknown) => Promise<void>;
const writes: [string, Write][] = [
  ["setItem", (driver, key, bytes) => driver.setItem(key, bytes)],
  ["setItemRaw", (driver, key, bytes) => driver.setItemRaw(key, bytes)],
  ["setItems", (driver, key, value) => driver.setItems([{ key, value }])],
];

describe.each(writes)("%s", (method, write) => {
  function post(buffer: ArrayBuffer): void {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer, [buffer]);
    port1.close();
    port2.close();
  }
  const transfer = (buffer: ArrayBuffer): unknown =>
    structuredClone(buffer, { transfer: [buffer] });

  it.each<[string, (buffer: ArrayBuffer) => unknown]>([
    ["overwritten", (buffer) => new Uint8Array(buffer).fill(0)],
    ["transferred by structuredClone", transfer],
    ["transferred by postMessage", post],
  ])("[VAL-5] stores bytes as they were, %s after the call", async (how, spoil) => {
    const driver = table.driver();
    // Enough for some to wait for a connection while the buffer changes.
    const keys = Array.from({ length: 60 }, (_, index) => `${how} ${method} ${index}`);
    const calls = keys.map((key) => {
      const buffer = filled();
      const call = write(driver, key, new Uint8Array(buffer));
      spoil(buffer);
      return call;
    });
    await Promise.all(calls);
    const read = await Promise.all(keys.map((key) => driver.getItemRaw(key)));
    expect(read).toEqual(keys.map(() => Buffer.from(pattern)));
  });

  it("[RAW-1] [VAL-5] rejects a transferred buffer and keeps the old value", async () => {
    const driver = table.driver();
    await driver.setItem("kept", "old");
    const views = [(buffer: any) => new Uint8Array(buffer), (buffer: any) => new DataView(buffer)];
    for (const view of [...views, (buffer: any) => buffer]) {
      const buffer = filled();
      const bytes = view(buffer);
      transfer(buffer);
      const name = "DynamoDbError";
      await expect(write(driver, "kept", bytes)).rejects.toMatchObject({ name });
    }
    expect(await driver.getItem("kept")).toBe("old");
  });
});

it("[VAL-5] an object that changes after the call is stored unchanged", async () => {
  const driver = table.driver();
  const make = (): any => ({ list: [1, 2], bytes: Buffer.of(1), set: new Set(["a"]) });
  const value = make();
  const write = driver.setItem("object", value);
  value.list.push(3);
  value.bytes[0] = 9;
  value.set.add("b");
  value.more = true;
  await write;
  expect(await driver.getItem("object")).toEqual(make());
});
