// getItemRaw and setItemRaw, called directly and through unstorage. bytes.spec.ts covers views of buffers.
import { Readable } from "node:stream";
import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
const encoded = `base64:${Buffer.from(bytes).toString("base64")}`;

describe("values other than bytes", () => {
  it.each([
    ["text", "text", "text"],
    ["the empty text", "", ""],
    ["text that looks encoded", encoded, encoded],
    ["an object", { a: [1, null, "x"] }, '{"a":[1,null,"x"]}'],
    ["an array", [1, 2], "[1,2]"],
    ["a number", 5, "5"],
    ["false", false, "false"],
    ["null", null, "null"],
    ["what toJSON says", { toJSON: () => ["json"] }, '["json"]'],
    ["a Date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["a URL", new URL("http://host/path"), '"http://host/path"'],
    [
      "a class with toJSON",
      new (class {
        toJSON = () => ({ a: 1 });
      })(),
      '{"a":1}',
    ],
    [
      "a class whose toJSON says itself",
      new (class {
        a = 1;
        toJSON() {
          return { ...this };
        }
      })(),
      '{"a":1}',
    ],
    ["a Buffer inside", { b: Buffer.from("a") }, '{"b":{"type":"Buffer","data":[97]}}'],
    ["boxed values", [new Number(1), new String("a"), new Boolean(true)], '[1,"a",true]'],
    ["undefined inside, by JSON's rules", { a: undefined, b: [undefined] }, '{"b":[null]}'],
  ])("[RAW-2] %s is stored as text", async (_, value, text) => {
    const driver = table.driver();
    await driver.setItemRaw("raw", value);
    expect(await table.getRow("raw")).toEqual({ key: { S: "raw" }, value: { S: text } });
    expect(await driver.getItem("raw")).toBe(text);
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each([
    ["undefined", undefined],
    ["a function", () => "CANARY"],
    ["a symbol", Symbol("CANARY")],
    ["a Blob", new Blob(["CANARY"])],
    ["a web stream", new Blob(["CANARY"]).stream()],
    ["a Node stream", Readable.from(["CANARY"])],
    ["a promise", Promise.resolve("CANARY")],
    ["a BigInt", 5n],
    ["a BigInt inside", { big: [5n] }],
    ["an object in itself", cycle],
    ["a function inside", { call: () => "CANARY" }],
    ["a symbol inside", [Symbol("CANARY")]],
    ["an object whose toJSON says a Map", { toJSON: () => new Map([["CANARY", 1]]) }],
    ["an object whose toJSON says undefined", { toJSON: () => undefined }],
    [
      "an object whose toJSON throws",
      {
        toJSON: () => {
          throw new Error("CANARY");
        },
      },
    ],
    ["a lone surrogate", "CANARY\ud800"],
  ])("[RAW-2] %s is refused", async (_, value) => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(driver.setItemRaw("k", value));
    expect(error).toMatchObject({
      name: "DynamoDbError",
      code: "ERR_DYNAMODB_INVALID_VALUE",
      operation: "setItemRaw",
      key: "k",
    });
    expect(error.message).not.toContain("CANARY");
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("[RAW-5] values whose JSON would be {} or lose data", () => {
  class Private {
    #secret = "CANARY";
    get secret() {
      return this.#secret;
    }
  }
  const generator = (function* () {
    yield "CANARY";
  })();
  const key = crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
  const form = new FormData();
  form.set("field", "CANARY");
  const lost: [string, unknown][] = [
    ["a Map", new Map([["CANARY", 1]])],
    ["a Set", new Set(["CANARY"])],
    ["a WeakMap", new WeakMap()],
    ["a WeakRef", new WeakRef({})],
    ["a Response", new Response("CANARY")],
    ["a Request", new Request("http://host/", { method: "POST", body: "CANARY" })],
    ["Headers", new Headers({ a: "CANARY" })],
    ["a FormData", form],
    ["URLSearchParams", new URLSearchParams("a=CANARY")],
    ["a Blob", new Blob(["CANARY"])],
    ["a File", new File(["CANARY"], "name")],
    ["a ReadableStream", new Blob(["CANARY"]).stream()],
    ["a Node stream", Readable.from(["CANARY"])],
    ["an Error", new Error("CANARY")],
    ["an AggregateError", new AggregateError([new Error("CANARY")])],
    ["a DOMException", new DOMException("CANARY")],
    ["a RegExp", /CANARY/],
    ["a generator", generator],
    ["an iterator", ["CANARY"].values()],
    ["an iterator of a Map", new Map([["CANARY", 1]]).entries()],
    ["a promise", Promise.resolve("CANARY")],
    ["an AbortSignal", new AbortController().signal],
    ["an Event", new Event("CANARY")],
    ["an Intl object", new Intl.NumberFormat("en")],
    ["an instance of a class with private state", new Private()],
    [
      "an instance of a class",
      new (class {
        a = 1;
      })(),
    ],
    ["an object that inherits what it holds", Object.create({ a: "CANARY" })],
    ["a boxed symbol", Object(Symbol("CANARY"))],
    ["Math", Math],
    ["globalThis", globalThis],
  ];

  it.each([...lost, ["a CryptoKey", key]] as [string, unknown][])("%s", async (_, given) => {
    const value = given === key ? await key : given;
    const driver = table.driver({ endpoint: recorder.endpoint });
    for (const refused of [value, { a: value }, [[value]], { toJSON: () => value }]) {
      const error = await failureOf(driver.setItemRaw("k", refused));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_VALUE", key: "k" });
      expect(error.message).not.toContain("CANARY");
    }
    expect(recorder.exchanges).toEqual([]);
  });

  it.each([
    ["a typed array", Uint8Array.of(1)],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a DataView", new DataView(new ArrayBuffer(1))],
    ["a SharedArrayBuffer", new SharedArrayBuffer(1)],
  ])("%s inside an object; as the value itself it is bytes", async (_, given) => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(driver.setItemRaw("k", { a: [given] }));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_VALUE" });
    expect(recorder.exchanges).toEqual([]);
    await driver.setItemRaw("k", given);
  });

  it("the message contains the position and the advice", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    const { message } = await failureOf(driver.setItemRaw("k", { list: [{ tags: new Set() }] }));
    expect(message).toContain('holds under "tags" what is an instance of a class');
    expect(message).toContain("toJSON");
    const { message: promised } = await failureOf(driver.setItemRaw("k", Promise.resolve(1)));
    expect(promised).toContain("await it");
    const { message: streamed } = await failureOf(driver.setItemRaw("k", Readable.from(["a"])));
    expect(streamed).toContain("read it and store its bytes");
  });

  it("[API-11] applies through unstorage, too", async () => {
    const storage = v1.createStorage({ driver: table.driver({ endpoint: recorder.endpoint }) });
    await failureOf(storage.setItemRaw("k", new Map([[1, 2]])));
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("reading", () => {
  const rows: [string, NonNullable<Row[string]>, unknown][] = [
    ["bytes as a Buffer", { B: bytes }, Buffer.from(bytes)],
    ["no bytes as an empty Buffer", { B: new Uint8Array(0) }, Buffer.alloc(0)],
    ["unstorage's base64 text decoded", { S: encoded }, Buffer.from(bytes)],
    ["an empty base64 text as an empty Buffer", { S: "base64:" }, Buffer.alloc(0)],
    ["text that only looks like base64 as it is", { S: "base64:no base64!" }, "base64:no base64!"],
    ["text as it is", { S: '{"a":1}' }, '{"a":1}'],
    ["the empty text as it is", { S: "" }, ""],
    ["a number as a number", { N: "5" }, 5],
    ["a list with bytes", { L: [{ B: bytes }] }, [Buffer.from(bytes)]],
    ["null as null", { NULL: true }, null],
  ];
  it.each(rows)("[RAW-3] %s", async (_, value, expected) => {
    await table.putRow("stored", { value });
    expect(await table.driver().getItemRaw("stored")).toEqual(expected);
  });

  it("[RAW-3] returns null for items that are missing, expired or without a value", async () => {
    const driver = table.driver();
    await table.putRow("expired", { value: { B: bytes }, ttl: { N: "1000000000" } });
    await table.putRow("bare", {});
    for (const key of ["missing", "expired", "bare"]) {
      expect(await driver.getItemRaw(key)).toBeNull();
    }
  });

  it("[RAW-4] getItem returns bytes for stored bytes, and text for stored text", async () => {
    const driver = table.driver();
    await table.putRow("bytes", { value: { B: bytes } });
    await table.putRow("text", { value: { S: encoded } });
    expect(await driver.getItem("bytes")).toEqual(Buffer.from(bytes));
    expect(await driver.getItem("text")).toBe(encoded);
    expect(await driver.getItems(["bytes", "text"])).toEqual([
      { key: "bytes", value: Buffer.from(bytes) },
      { key: "text", value: encoded },
    ]);
  });

  it("[RAW-1] the ttl of an item and the default one apply to raw items too", async () => {
    const driver = table.driver({ expireIn: 600 });
    await driver.setItemRaw("default", bytes);
    await driver.setItemRaw("own", bytes, { ttl: 60 });
    await driver.setItemRaw("none", bytes, { ttl: 0 });
    const left = async (key: string): Promise<number> =>
      Number((await table.getRow(key))?.ttl?.N) - Date.now() / 1000;
    expect(Math.abs((await left("default")) - 600)).toBeLessThan(10);
    expect(Math.abs((await left("own")) - 60)).toBeLessThan(10);
    expect(await table.getRow("none")).not.toHaveProperty("ttl");
  });
});

describe.each(Object.entries({ "1.17": v1, "2.x": v2 as unknown as typeof v1 }))(
  "through unstorage %s",
  (_version, unstorage) => {
    const stored = (): v1.Storage<any> => unstorage.createStorage({ driver: table.driver() });

    it("[RAW-1] [API-11] bytes are written and read without base64", async () => {
      const storage = stored();
      await storage.setItemRaw("uns:bytes.bin", bytes.subarray(10, 20));
      expect((await table.getRow("uns:bytes.bin"))?.value).toEqual({ B: bytes.slice(10, 20) });
      expect(Buffer.from((await storage.getItemRaw("uns:bytes.bin"))!)).toEqual(
        Buffer.from(bytes.slice(10, 20)),
      );
    });

    it("[RAW-3] [API-11] rows of unstorage's own base64 fallback are read", async () => {
      const native: any = table.driver();
      const { getItemRaw: _get, setItemRaw: _set, ...textOnly } = native;
      await unstorage.createStorage({ driver: textOnly }).setItemRaw("uns:old.bin", bytes);
      expect((await table.getRow("uns:old.bin"))?.value).toEqual({ S: encoded });
      expect(Buffer.from((await stored().getItemRaw("uns:old.bin"))!)).toEqual(Buffer.from(bytes));
    });

    it("[RAW-2] [API-11] text and objects", async () => {
      const storage = stored();
      await storage.setItemRaw("uns:text", "plain");
      await storage.setItemRaw("uns:object", { a: 1 });
      expect(await storage.getItemRaw("uns:text")).toBe("plain");
      expect(await storage.getItem("uns:object")).toEqual({ a: 1 });
      expect(await storage.getItemRaw("uns:missing")).toBeNull();
    });
  },
);

describe("unstorage 2.x: the requested type", () => {
  const storage = (): any => v2.createStorage({ driver: table.driver() });
  const text = '{"ä":1}';
  const utf8 = new TextEncoder().encode(text);
  const sources: [string, (target: any) => Promise<void>][] = [
    ["an object", (target) => target.setItem("v2:typed", { ä: 1 })],
    ["bytes", (target) => target.setItemRaw("v2:typed", utf8)],
    [
      "a base64 row of the fallback",
      () =>
        table.putRow("v2:typed", {
          value: { S: `base64:${Buffer.from(utf8).toString("base64")}` },
        }),
    ],
  ];
  const asText = async (read: any): Promise<string> => new Response(read).text();
  const types: [string, (read: any) => unknown, unknown][] = [
    ["text", (read) => read, text],
    ["json", (read) => read, { ä: 1 }],
    ["bytes", (read) => read instanceof Uint8Array && asText(read), text],
    ["stream", (read) => read instanceof ReadableStream && asText(read), text],
    ["blob", (read) => read instanceof Blob && asText(read), text],
  ];
  const cases = sources.flatMap(([name, write]) =>
    types.map((type) => [name, write, ...type] as const),
  );

  it.each(cases)(
    "[RAW-3] [RAW-4] [API-11] %s (%o) as %s",
    async (_n, write, type, show, expected) => {
      const target = storage();
      await write(target);
      expect(await show(await target.getItem("v2:typed", { type }))).toEqual(expected);
      const [one, none] = await target.getItems(["v2:typed", "v2:missing"], { type });
      expect(await show(one.value)).toEqual(expected);
      expect(none.value).toBeNull();
      expect(await target.getItem("v2:missing", { type })).toBeNull();
    },
  );
});
