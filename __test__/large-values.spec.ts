// Values over 400 KB.
import { randomBytes } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { type Row, useTable } from "./helpers/table";

const table = useTable({ index: "keys" });
const recorder = useRecorder();
afterEach(() => table.empty());
const large = (options = {}) => table.driver({ largeValues: {}, ...options });
const behindRecorder = (options = {}) => large({ endpoint: recorder.endpoint, ...options });

/** Text that gzip cannot make much smaller, with characters of one to four bytes. */
const text = (bytes: number) => `é😀"\n${randomBytes(bytes / 2).toString("hex")}`;
const chunkKey = /^(?<item>.+)\0(?<id>[0-9a-f]{32})\.(?<number>\d+)$/su;
const chunksOf = async (key: string) => {
  const rows = (await table.rows()).filter(
    (row) => chunkKey.exec(row.key!.S!)?.groups?.item === key,
  );
  return rows.sort((a, b) => a.key!.S!.localeCompare(b.key!.S!));
};

it("[BIG-1] text and bytes over the limit of an item are read back by every method", async () => {
  const writer = large();
  const values = { text: text(800_000), bytes: randomBytes(450_001) };
  await writer.setItem("text", values.text, { ttl: 1000 });
  await writer.setItemRaw("bytes", values.bytes);
  await writer.setItems([
    { key: "small", value: "s" },
    { key: "text2", value: values.text },
  ]);
  for (const reader of [writer, table.driver(), table.driver({ batch: false })]) {
    expect(await reader.getItem("text")).toBe(values.text);
    expect(await reader.getItemRaw("text")).toBe(values.text);
    expect(values.bytes.equals(await reader.getItemRaw("bytes"))).toBe(true);
    const found = await reader.getItems(["text", "none", "small", "bytes", "text2"]);
    expect(found.map(({ value }) => value)).toEqual([
      values.text,
      null,
      "s",
      values.bytes,
      values.text,
    ]);
    expect(await reader.hasItem("text")).toBe(true);
    const size = Buffer.byteLength(values.text);
    expect(await reader.getMeta("text")).toEqual({ size, ttl: expect.any(Number) });
    expect((await reader.getKeys()).sort()).toEqual(["bytes", "small", "text", "text2"]);
  }
}, 120_000);

it("[BIG-2] a value is compressed first, and split only if it still does not fit", async () => {
  const driver = large({ compression: "gzip" });
  const repeated = "page ".repeat(600_000);
  await driver.setItem("fits", repeated);
  expect(await table.getRow("fits")).toMatchObject({ enc: { S: "gz1s" } });
  const mixed = text(3_000_000);
  await driver.setItem("split", mixed);
  expect(await table.getRow("split")).toMatchObject({ enc: { S: "ch1" } });
  const stored = (await chunksOf("split")).map((row) => row.value!.B!.length);
  expect(stored.reduce((sum, bytes) => sum + bytes)).toBeLessThan(0.7 * mixed.length);
  expect(await driver.getItem("split")).toBe(mixed);
  expect(await driver.getMeta("split")).toEqual({ size: Buffer.byteLength(mixed) });
  expect(await table.driver().getItem("fits")).toBe(repeated);
});

it("[BIG-3] chunks are stored before the item that names them, and live an hour longer", async () => {
  const driver = behindRecorder({ attributes: { mtime: "mtime", etag: "etag" } });
  await driver.setItem("k", text(1_000_000), { ttl: 60 });
  const puts = recorder.of("PutItem").map(({ request }) => request.Item);
  const head = puts.pop();
  expect(head).toMatchObject({
    key: { S: "k" },
    enc: { S: "ch1" },
    etag: { S: expect.any(String) },
  });
  const { id, chunks } = JSON.parse(head.value.S);
  expect(chunks).toBe(3);
  for (const item of puts) {
    expect(chunkKey.exec(item.key.S)?.groups).toMatchObject({ item: "k", id });
    expect(item.enc).toEqual({ S: "ch1p" });
    expect(item.etag).toBeUndefined();
    expect(Number(item.ttl.N)).toBe(Number(head.ttl.N) + 3600);
  }
  expect(puts.map((item) => Number(chunkKey.exec(item.key.S)?.groups?.number)).sort()).toEqual([
    0, 1, 2,
  ]);
  await driver.setItem("forever", text(500_000));
  for (const { request } of recorder.of("PutItem").slice(-3))
    expect(request.Item.ttl).toBeUndefined();
});

it("[BIG-4] chunks are hidden, and their keys are refused", async () => {
  const driver = large({ attributes: { etag: "etag" } });
  await driver.setItem("k:l", text(500_000));
  const [first] = await chunksOf("k:l");
  const key = first!.key!.S!;
  expect(await driver.getKeys()).toEqual(["k:l"]);
  expect(await driver.getKeys("k")).toEqual(["k:l"]);
  expect(await driver.getItem(key)).toBeNull();
  expect(await driver.getItemRaw(key)).toBeNull();
  expect(await driver.hasItem(key)).toBe(false);
  expect(await driver.getMeta(key)).toBeNull();
  expect(await driver.getItems([key])).toEqual([{ key, value: null }]);
  await driver.removeItem(key);
  expect(await table.getRow(key)).toEqual(first);
  const writes = [
    driver.setItem(key, "v"),
    driver.setItemRaw(key, "v"),
    driver.setItems([{ key, value: "v" }]),
  ];
  for (const error of await Promise.all(writes.map(failureOf))) {
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_KEY" });
    expect(error.message).toContain("chunk of a large value");
  }
  // Keys that only resemble those of chunks.
  for (const other of [
    `k\0${"0".repeat(32)}`,
    `k\0${"0".repeat(31)}.1`,
    `${"0".repeat(32)}.1`,
    "k\0.1",
  ]) {
    await driver.setItem(other, "v");
    expect(await driver.getItem(other)).toBe("v");
    await driver.removeItem(other);
  }
});

it.each([true, false])(
  "[BIG-5] chunks are removed with their value (batches: %s)",
  async (batch) => {
    const driver = large({ batch });
    const value = text(800_000);
    const keys = ["small", "large", "removed", "cleared:a", "cleared:b"];
    await Promise.all(keys.map((key) => driver.setItem(key, value)));
    expect(await table.rows()).toHaveLength(5 + 5 * 3);
    await driver.setItem("small", "now small");
    expect(await chunksOf("small")).toEqual([]);
    await driver.setItemRaw("large", randomBytes(450_000));
    expect(await chunksOf("large")).toHaveLength(2);
    await driver.removeItem("removed");
    expect(await chunksOf("removed")).toEqual([]);
    await driver.clear("cleared");
    expect(await table.keys()).toHaveLength(2 + 2);
    // `clear` removes chunks whatever the option is.
    await table.driver().clear();
    expect(await table.rows()).toEqual([]);
  },
);

it("[BIG-6] a value that cannot be read whole is an error", async () => {
  const driver = large({ coalesce: false });
  const value = text(800_000);
  const spoil = async (key: string, change: (head: Row, chunks: Row[]) => unknown) => {
    await driver.setItem(key, value);
    await change((await table.getRow(key))!, await chunksOf(key));
    const reads = [driver.getItem(key), driver.getItems([key, "none"])];
    for (const error of await Promise.all(reads.map(failureOf))) {
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_FORMAT", key });
    }
    await driver.setItem(key, "repaired");
    expect(await driver.getItem(key)).toBe("repaired");
  };
  const remove = (key: Row[string]) =>
    table.client.deleteItem({ TableName: table.name, Key: { key } });
  await spoil("missing", (_, chunks) => remove(chunks[1]!.key!));
  await spoil("changed", (_, [chunk]) => {
    const bytes = Buffer.from(chunk!.value!.B!);
    bytes[7]! ^= 1;
    return table.putItem({ ...chunk!, value: { B: bytes } });
  });
  await spoil("longer", (_, [chunk]) =>
    table.putItem({ ...chunk!, value: { B: Buffer.concat([chunk!.value!.B!, Buffer.of(1)]) } }),
  );
  await spoil("no chunk", (_, [chunk]) => table.putItem({ ...chunk!, enc: { S: "gz1b" } }));
  for (const manifest of ["", "{}", "null", `{"id":"../../","chunks":1}`]) {
    await spoil("manifest", (head) => table.putItem({ ...head, value: { S: manifest } }));
  }
  await spoil("huge", (head) => {
    const manifest = { ...JSON.parse(head.value!.S!), bytes: 2 ** 40, chunks: 999 };
    return table.putItem({ ...head, value: { S: JSON.stringify(manifest) } });
  });
});

it("[BIG-7] a value that is replaced or removed while it is read is read as it is then", async () => {
  const [reader, writer] = [behindRecorder({ coalesce: false }), large()];
  const [old, other] = [text(900_000), text(900_000)];
  const changes: [expected: unknown, change: () => Promise<unknown>][] = [
    [other, () => writer.setItem("k", other)],
    ["small", () => writer.setItem("k", "small")],
    [null, () => writer.removeItem("k")],
    [null, () => writer.clear()],
  ];
  for (const [expected, change] of changes) {
    await writer.setItem("k", old);
    recorder.reset();
    let changed: Promise<unknown> | undefined;
    recorder.spoil(({ request }) => {
      // The first chunk is answered only when the item has changed.
      if (request.Key?.key.S.endsWith(".0") && !changed) {
        recorder.hold();
        changed = change().then(() => recorder.release());
      }
      return undefined;
    });
    expect(await reader.getItem("k")).toBe(expected);
    expect(changed).toBeDefined();
    await changed;
  }
});

it("[BIG-9] what is too large is refused, with the limit", async () => {
  const limited = behindRecorder({ largeValues: { maxSize: "500000" } });
  expect(await failureOf(limited.setItem("k", "x".repeat(500_001)))).toMatchObject({
    code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
    key: "k",
    message: expect.stringContaining(
      "the value is 500001 bytes; the option `largeValues.maxSize` allows 500000",
    ),
  });
  const list = ["x".repeat(450_000)];
  const plain = table.driver({ endpoint: recorder.endpoint, largeValues: false });
  for (const call of [
    plain.setItem("k", "x".repeat(409_600)),
    limited.setItem("k", list),
    limited.setItems([
      { key: "a", value: "v" },
      { key: "k", value: "x".repeat(500_001) },
    ]),
  ]) {
    expect(await failureOf(call)).toMatchObject({ code: "ERR_DYNAMODB_ITEM_TOO_LARGE", key: "k" });
  }
  const long = await failureOf(behindRecorder().setItem("k".repeat(2020), "x".repeat(500_000)));
  expect(long.code).toBe("ERR_DYNAMODB_INVALID_KEY");
  expect(recorder.exchanges).toEqual([]);
  await limited.setItem("k", "x".repeat(500_000));
  await behindRecorder().setItem("k".repeat(2000), "x".repeat(500_000));
  expect(await plain.getItem("k".repeat(2000))).toHaveLength(500_000);
});

it("[BIG-9] values of every size around the limit of an item are stored", async () => {
  const driver = large({ attributes: { mtime: "written", etag: "tag" }, expireIn: 100 });
  for (let size = 409_440; size <= 409_640; size += 8) {
    await driver.setItem("edge", "x".repeat(size));
    expect(await driver.getItem("edge")).toHaveLength(size);
  }
});

it("[BIG-10] conditions apply to the item, and chunks of a refused write are removed", async () => {
  const driver = behindRecorder({ attributes: { etag: "etag" } });
  const [one, two] = [text(900_000), text(900_000)];
  const created = await driver.setItem("k", one, { ifNoneMatch: "*" });
  expect((await driver.getMeta("k"))?.etag).toBe(created!.etag);
  const error = await failureOf(driver.setItem("k", two, { ifNoneMatch: "*" }));
  expect(error.code).toBe("ERR_CAS_MISMATCH");
  expect(await driver.getItem("k")).toBe(one);
  expect(await chunksOf("k")).toHaveLength(3);
  const swapped = await driver.setItem("k", two, { ifMatch: created!.etag });
  expect(await driver.getItem("k")).toBe(two);
  expect(await chunksOf("k")).toHaveLength(3);
  expect(await failureOf(driver.removeItem("k", { ifMatch: created!.etag }))).toMatchObject({
    code: "ERR_CAS_MISMATCH",
  });
  await driver.removeItem("k", { ifMatch: swapped!.etag });
  expect(await table.rows()).toEqual([]);

  // The first manifest is stored, and its response is lost.
  let manifests = 0;
  recorder.spoil(({ request }) =>
    request.Item?.enc?.S === "ch1" && (manifests += 1) === 1 ? "lose" : undefined,
  );
  const written = await driver.setItem("k", one, { ifNoneMatch: "*" });
  expect((await driver.getMeta("k"))?.etag).toBe(written!.etag);
  expect(manifests).toBe(1);
});

it("[BIG-8] a manifest without a response is not sent again", async () => {
  const driver = behindRecorder();
  const value = text(900_000);
  const heads = () => recorder.of("PutItem").filter(({ request }) => request.Item.enc?.S === "ch1");
  for (const [fault, sent] of [
    ["lose", 1],
    [serviceError("InternalServerError", "oops", 500), 2],
    [serviceError("ThrottlingException", "slow"), 2],
  ] as const) {
    recorder.reset();
    recorder.spoil(({ request }) =>
      request.Item?.enc?.S === "ch1" && heads().length === 1 ? fault : undefined,
    );
    await driver.setItem("k", value);
    expect(await driver.getItem("k")).toBe(value);
    const ids = heads().map(({ request }) => JSON.parse(request.Item.value.S).id);
    expect(ids).toHaveLength(sent);
    // Only a request that was certainly not executed is repeated under its id.
    const isRefusal = typeof fault === "object" && fault.status === 400;
    expect(new Set(ids).size).toBe(isRefusal ? 1 : sent);
  }
});

const ageing = (key: string, age: number, number = 0) => {
  const second = Math.floor(Date.now() / 1000) - age;
  return `${key}\0${second.toString(16).padStart(8, "0")}${"0".repeat(24)}.${number}`;
};

it.each([undefined, "keys"])(
  "[BIG-11] sweep removes old chunks that no item names",
  async (index) => {
    const driver = behindRecorder({ base: "app", ...(index && { index }) });
    const value = text(900_000);
    await driver.setItem("kept", value);
    const chunk = { enc: { S: "ch1p" }, value: { B: Buffer.from("x") } };
    const orphans = [
      ageing("app:kept", 3700),
      ageing("app:gone", 4000),
      ageing("app:gone", 4000, 1),
    ];
    const others = [ageing("app:gone", 3500), ageing("app:gone", -60), ageing("else:gone", 4000)];
    await table.putRows([...orphans, ...others].map((key) => ({ key: { S: key }, ...chunk })));
    recorder.reset();
    expect(await driver.getInstance().sweep()).toEqual({ removed: 3 });
    const keys = await table.keys();
    expect(keys.filter((key) => orphans.includes(key))).toEqual([]);
    expect(keys.filter((key) => others.includes(key))).toHaveLength(3);
    expect(await driver.getItem("kept")).toBe(value);
    expect(await driver.getInstance().sweep()).toEqual({ removed: 0 });
    expect(driver.getInstance().stats().operations["sweep"]).toMatchObject({
      inFlight: 0,
      errors: 0,
    });
    await table.empty();
  },
);

it("[BIG-11] [BIG-12] clear removes orphans, but not chunks of a write in progress", async () => {
  const driver = behindRecorder();
  const chunk = { enc: { S: "ch1p" }, value: { B: Buffer.from("x") } };
  await table.putRows(
    [ageing("a:gone", 4000), ageing("a:gone", 60)].map((key) => ({ key: { S: key }, ...chunk })),
  );
  await driver.clear("a");
  expect(await table.keys()).toEqual(
    [ageing("a:gone", 60)].map((key) => expect.stringContaining(key.slice(0, 12))),
  );
  await table.empty();
  recorder.reset();

  const value = text(900_000);
  const clearOnceStored = async () => {
    await expect.poll(async () => (await chunksOf("a")).length).toBe(1);
    await large().clear();
    recorder.release();
  };
  let cleared: Promise<unknown> | undefined;
  recorder.spoil(() => {
    if (!cleared) {
      // The first chunk is stored, and all other requests wait.
      recorder.hold();
      cleared = clearOnceStored();
    }
    return undefined;
  });
  await driver.setItem("a", value);
  await cleared;
  expect(await driver.getItem("a")).toBe(value);
});

it("[BIG-11] a failed sweep is a DynamoDbError", async () => {
  const driver = behindRecorder();
  recorder.spoil(() => serviceError("AccessDeniedException", "no"));
  expect(await failureOf(driver.getInstance().sweep())).toMatchObject({
    code: "ERR_DYNAMODB_ACCESS_DENIED",
    operation: "sweep",
  });
});

it("[BIG-1] 50 concurrent reads share the requests of the chunks", async () => {
  const driver = behindRecorder();
  const value = text(900_000);
  await driver.setItem("k", value);
  recorder.forget();
  recorder.hold();
  const reads = Array.from({ length: 50 }, () => driver.getItem("k"));
  await expect.poll(() => recorder.inFlight).toBe(1);
  recorder.release();
  expect(new Set(await Promise.all(reads))).toEqual(new Set([value]));
  expect(recorder.exchanges.length).toBeLessThan(12);
});
