// The option `compression`, and reads of compressed rows. src/compression/tests.rs covers damaged rows.
import { randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { describe, expect, it } from "vitest";
import { failureOf, refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { type Driver, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const compression = "gzip";
const html = page(100_000);

/** A page of a shop: repetitive markup and varying words. */
function page(bytes: number): string {
  const words = "oak ash elm birch cedar maple walnut cherry teak pine larch beech".split(" ");
  const item = (number: number): string => {
    const [one, other] = [words[(number * 7) % 12], words[(number * number) % 11]];
    return (
      `<li class="product-card product-card--wide" data-id="${number * 7919}">` +
      `<a class="product-card__link" href="/products/${one}-${other}-${number}">` +
      `<img class="product-card__image" src="/images/${number}.webp" alt="${one} ${other}" loading="lazy">` +
      `<span class="product-card__title">Table of ${one} and ${other}</span>` +
      `<span class="product-card__price">${(number * 37) % 900} €</span></a></li>\n`
    );
  };
  const items = Array.from({ length: bytes / 300 }, (_, index) => item(index + 1));
  const text = `<!doctype html><html><body><ul>\n${items.join("")}`;
  return Buffer.from(text).subarray(0, bytes).toString().replaceAll("\ufffd", "");
}

describe("the stored value", () => {
  it("[ZIP-1] [ZIP-3] is gzip, with an attribute for the original type", async () => {
    const driver = table.driver({ compression });
    await driver.setItem("text", html, { ttl: 3600 });
    await driver.setItemRaw("bytes", Buffer.from(html));
    const [text, bytes] = [await table.getRow("text"), await table.getRow("bytes")];
    expect(Object.keys(text ?? {}).sort()).toEqual(["enc", "key", "ttl", "value"]);
    expect([text?.enc, bytes?.enc]).toEqual([{ S: "gz1s" }, { S: "gz1b" }]);
    expect(gunzipSync(text?.value?.B ?? "").toString() === html).toBe(true);
    expect(gunzipSync(bytes?.value?.B ?? "").toString() === html).toBe(true);
  });

  it.each([
    ["without the option", { compression: false }, html],
    ["what takes one write unit", { compression }, "x".repeat(1_000)],
    ["what does not compress", { compression }, randomBytes(9_000)],
    ["what is neither text nor bytes", { compression }, { page: html }],
  ])("[ZIP-1] is as it is: %s", async (_, options, value) => {
    const driver = table.driver(options);
    await driver.setItem("plain", value);
    expect(Object.keys((await table.getRow("plain")) ?? {}).sort()).toEqual(["key", "value"]);
    expect(await driver.getItem("plain")).toEqual(value);
  });

  it("[ZIP-1] takes at most 15 write units for 100 KB of HTML, and 2 read units", async () => {
    /** The units that the engine reports for writing and reading this row. */
    const units = async (key: string) => {
      const [TableName, ReturnConsumedCapacity] = [table.name, "TOTAL"] as const;
      const Item = (await table.getRow(key))!;
      const put = new PutItemCommand({ TableName, Item, ReturnConsumedCapacity });
      const get = new GetItemCommand({
        TableName,
        Key: { key: Item.key! },
        ReturnConsumedCapacity,
      });
      const answers = [await table.client.send(put), await table.client.send(get)];
      return answers.map((answer) => answer.ConsumedCapacity?.CapacityUnits ?? Number.NaN);
    };
    await table.driver().setItem("plain page", html);
    await table.driver({ compression }).setItem("page", html);
    const [[plainWrite, plainRead], [write, read]] = [
      await units("plain page"),
      await units("page"),
    ];
    expect([plainWrite, plainRead]).toEqual([98, 12.5]);
    expect(write).toBeLessThanOrEqual(15);
    expect(read).toBeLessThanOrEqual(2);
  });

  it("[ZIP-3] is completely replaced by a write that is not compressed", async () => {
    const [gzip, plain] = [table.driver({ compression }), table.driver()];
    const write: ((driver: Driver, value: string) => Promise<void>)[] = [
      (driver, value) => driver.setItem("over", value),
      (driver, value) => driver.setItemRaw("over", value),
      (driver, value) =>
        driver.setItems([
          { key: "over", value },
          { key: "other", value },
        ]),
    ];
    for (const put of write) {
      await put(gzip, html);
      expect((await table.getRow("over"))?.enc).toEqual({ S: "gz1s" });
      await put(plain, "short");
      expect(await table.getRow("over")).toEqual({ key: { S: "over" }, value: { S: "short" } });
      await put(gzip, html);
      await put(gzip, "short");
      expect(await table.getRow("over")).toEqual({ key: { S: "over" }, value: { S: "short" } });
    }
  });

  it("[ZIP-7] counts towards the item size limit in its compressed form", async () => {
    const driver = table.driver({ compression });
    const large = page(1_000_000);
    await driver.setItem("large", large);
    expect((await driver.getItem("large")) === large).toBe(true);
    const watched = table.driver({ compression, endpoint: recorder.endpoint });
    const noise = randomBytes(500_000);
    const items = [
      { key: "small", value: "v" },
      { key: "noise", value: noise },
    ];
    for (const write of [() => watched.setItem("noise", noise), () => watched.setItems(items)]) {
      const error = await failureOf(write());
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_ITEM_TOO_LARGE", key: "noise" });
    }
    expect(recorder.exchanges).toEqual([]);
  }, 20_000);

  it("[ZIP-8] is that of the last write, however long the first one takes to compress", async () => {
    const driver = table.driver({ compression });
    const large = page(900_000);
    await Promise.all([driver.setItem("order", large), driver.setItem("order", "last")]);
    expect(await driver.getItem("order")).toBe("last");
    await Promise.all([
      driver.setItem("order", large),
      driver.setItems([{ key: "order", value: "last" }]),
    ]);
    expect(await driver.getItem("order")).toBe("last");
  }, 20_000);
});

describe.each([
  ["with the option", { compression }],
  ["without it", {}],
  ["without batches", { batch: false }],
])("what is read %s", (_, options) => {
  it("[ZIP-2] [ZIP-6] is returned unchanged by every method", async () => {
    const base = "app";
    const writer = table.driver({ compression, base, attributes: { mtime: "at" } });
    const driver: any = table.driver({ ...options, base, attributes: { mtime: "at" } });
    const bytes = Buffer.alloc(70_000, "bytes");
    const encoded = `base64:${bytes.toString("base64")}`;
    await writer.setItems([
      { key: "text", value: html },
      { key: "bytes", value: bytes, options: { ttl: 60 } },
      { key: "encoded", value: encoded },
      { key: "short", value: "v" },
    ]);
    expect((await table.getRow("app:text"))?.enc).toEqual({ S: "gz1s" });
    expect((await driver.getItem("text")) === html).toBe(true);
    expect((await driver.getItemRaw("text")) === html).toBe(true);
    expect(bytes.equals(await driver.getItem("bytes"))).toBe(true);
    expect(bytes.equals(await driver.getItemRaw("bytes"))).toBe(true);
    expect((await driver.getItem("encoded")) === encoded).toBe(true);
    expect(bytes.equals(await driver.getItemRaw("encoded"))).toBe(true);
    const found = await driver.getItems(["short", "text", "none", "bytes", "text"]);
    const values = found.map(({ value }: { value: unknown }) => value);
    expect(values[0]).toBe("v");
    expect([values[1] === html, values[2], values[4] === html]).toEqual([true, null, true]);
    expect(bytes.equals(values[3])).toBe(true);
    expect(await driver.hasItem("text")).toBe(true);
    const [size, mtime] = [Buffer.byteLength(html), expect.any(Date)];
    expect(await driver.getMeta("text")).toEqual({ size, mtime });
    const ttl = expect.any(Number);
    expect(await driver.getMeta("bytes")).toEqual({ size: bytes.length, ttl, mtime });
    expect((await driver.getKeys()).sort()).toEqual(["bytes", "encoded", "short", "text"]);
    await driver.clear();
  });

  it("[ZIP-2] is not returned after it has expired", async () => {
    await table.putRow("old", {
      value: { B: gzipSync(html) },
      enc: { S: "gz1s" },
      ttl: { N: "1000000000" },
    });
    const driver = table.driver(options);
    expect(await driver.getItem("old")).toBeNull();
    expect(await driver.hasItem("old")).toBe(false);
    expect(await driver.getMeta("old")).toBeNull();
    expect(await driver.getItems(["old", "none"])).toEqual([
      { key: "old", value: null },
      { key: "none", value: null },
    ]);
  });

  it("[ZIP-3] may be gzip from other programs, and a user's own gzip stays bytes", async () => {
    await table.putRow("theirs", { value: { B: gzipSync(html) }, enc: { S: "gz1s" } });
    const driver = table.driver(options);
    expect((await driver.getItem("theirs")) === html).toBe(true);
    const own = gzipSync(html);
    await driver.setItemRaw("own", own);
    expect(own.equals(await driver.getItem("own"))).toBe(true);
    expect(own.equals(await driver.getItemRaw("own"))).toBe(true);
    expect(await driver.getMeta("own")).toEqual({ size: own.length });
  });

  it.each([
    ["an encoding of a later version", { enc: { S: "zs1s" } }],
    ["an attribute of other code", { enc: { N: "7" } }],
    ["a value that is text", { value: { S: "CANARY" } }],
    ["a truncated value", { value: { B: gzipSync(html).subarray(0, 900) } }],
    ["a value with a wrong checksum", { value: { B: wrongSum() } }],
    ["a value that claims 16 MiB and a byte", { value: { B: bomb() } }],
    ["text that is not UTF-8", { value: { B: gzipSync(Buffer.alloc(5_000, 0xe9)) } }],
  ])("[ZIP-4] [ZIP-5] is an error: %s", async (_what, change) => {
    const row = { value: { B: gzipSync(html) }, enc: { S: "gz1s" }, ...change } as any;
    await table.putRow("bad", row);
    await table.putRow("good", { value: { S: "v" } });
    const driver = table.driver(options);
    const before = await table.getRow("bad");
    for (const [operation, read] of [
      ["getItem", () => driver.getItem("bad")],
      ["getItemRaw", () => driver.getItemRaw("bad")],
      ["getItems", () => driver.getItems(["good", "bad"])],
    ] as const) {
      const error = await failureOf(read());
      expect(error).toMatchObject({
        name: "DynamoDbError",
        code: "ERR_DYNAMODB_FORMAT",
        operation,
        key: "bad",
        retryable: false,
      });
      expect(error.message).toContain('for key "bad"');
      expect(error.message).not.toMatch(/CANARY|zs1s/);
    }
    expect(await driver.hasItem("bad")).toBe(true);
    expect(await table.getRow("bad")).toEqual(before);
  });

  it("[ZIP-3] [ZIP-4] with another attribute name, `enc` is left to other code", async () => {
    const attributes = { encoding: "form" };
    await table.putRow("shared", { value: { S: "v" }, enc: { N: "7" } });
    expect((await failureOf(table.driver(options).getMeta("shared"))).code).toBe(
      "ERR_DYNAMODB_FORMAT",
    );
    const driver = table.driver({ ...options, attributes });
    expect(await driver.getItem("shared")).toBe("v");
    await table.driver({ compression, attributes }).setItem("renamed", html);
    expect((await table.getRow("renamed"))?.form).toEqual({ S: "gz1s" });
    expect((await driver.getItem("renamed")) === html).toBe(true);
  });
});

/** Gzip with the checksum of other data. */
function wrongSum(): Buffer {
  const gzip = gzipSync(html);
  return gzip.fill(1, gzip.length - 8, gzip.length - 4);
}

/** Gzip whose trailer states a larger size than it has. */
function bomb(): Buffer {
  const gzip = gzipSync(randomBytes(20_000));
  gzip.writeUInt32LE(16 * 1024 * 1024 + 1, gzip.length - 4);
  return gzip;
}

it.each([
  ["1.17", v1],
  ["2.x", v2],
])("[ZIP-2] unstorage %s stores and reads objects and bytes", async (_, unstorage: any) => {
  const storage = unstorage.createStorage({ driver: table.driver({ compression }) });
  const object = { list: Array.from({ length: 500 }, (_item, number) => ({ number })) };
  await storage.setItem("object", object);
  await storage.setItemRaw("raw", Buffer.alloc(5_000, 1));
  expect(await storage.getItem("object")).toEqual(object);
  expect(Buffer.alloc(5_000, 1).equals(await storage.getItemRaw("raw"))).toBe(true);
  expect((await table.getRow("object"))?.enc).toEqual({ S: "gz1s" });
});

describe("the option", () => {
  it.each([true, "true", "zstd", 6, {}])("[ZIP-9] %s is rejected", async (value) => {
    const { message } = await refusalOf(recorder, { compression: value });
    expect(message).toContain("`compression`");
    expect(message).toContain('false or "gzip"');
  });

  it.each([undefined, null, "", false, "false"])("[ZIP-9] %s disables it", async (value) => {
    await table.driver({ compression: value }).setItem("off", html);
    expect((await table.getRow("off"))?.enc).toBeUndefined();
  });

  it("[API-5] [OPT-5] is exposed, along with the attribute's name", async () => {
    const attributes = { encoding: "form" };
    expect(table.driver({ compression, attributes }).options).toMatchObject({
      compression,
      attributes,
    });
    const { message } = await refusalOf(recorder, { attributes: { mtime: "enc" } });
    expect(message).toContain("`attributes.mtime` and `attributes.encoding`");
  });
});
