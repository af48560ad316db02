// getItemRaw and setItemRaw, called directly and through unstorage. bytes.spec.ts covers views of buffers.
import { Readable } from "node:stream";
import * as v2 from "unstorage-v2";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import type { Row } from "./helpers/table";
import { unstorages } from "./helpers/unstorage";

const { table, recorder, recorded } = useRecordedTable();
const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
const base64 = (data: Uint8Array): string => `base64:${Buffer.from(data).toString("base64")}`;
const encoded = base64(bytes);

class Plain {
  a = 1;
}
class SaysItself extends Plain {
  toJSON() {
    return { ...this };
  }
}

it.each([
  ["text", "text", "text"],
  ["the empty string", "", ""],
  ["text that looks encoded", encoded, encoded],
  ["an object", { a: [1, null, "x"] }, '{"a":[1,null,"x"]}'],
  ["an array", [1, 2], "[1,2]"],
  ["a number", 5, "5"],
  ["false", false, "false"],
  ["null", null, "null"],
  ["the result of toJSON", { toJSON: () => ["json"] }, '["json"]'],
  ["a Date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ["a URL", new URL("http://host/path"), '"http://host/path"'],
  ["an instance of a class with toJSON", new SaysItself(), '{"a":1}'],
  ["a nested Buffer", { b: Buffer.from("a") }, '{"b":{"type":"Buffer","data":[97]}}'],
  ["boxed values", [new Number(1), new String("a"), new Boolean(true)], '[1,"a",true]'],
  ["nested undefined, as JSON defines", { a: undefined, b: [undefined] }, '{"b":[null]}'],
])("[RAW-2] %s is stored as text", async (_, value, text) => {
  const driver = table.driver();
  await driver.setItemRaw("raw", value);
  expect(await table.getRow("raw")).toEqual({ key: { S: "raw" }, value: { S: text } });
  expect(await driver.getItem("raw")).toBe(text);
});

async function expectRefusal(value: unknown, words = /./): Promise<void> {
  const error = await failureOf(recorded().setItemRaw("k", value));
  const shape = { name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_VALUE" };
  expect(error).toMatchObject({ ...shape, operation: "setItemRaw", key: "k" });
  expect(error.message).toMatch(words);
  expect(error.message).not.toContain("CANARY");
  expect(recorder.exchanges).toEqual([]);
}

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const throws = () => {
  throw new Error("CANARY");
};
it.each([
  ["undefined", undefined],
  ["a function", () => "CANARY"],
  ["a symbol", Symbol("CANARY")],
  ["a BigInt", 5n],
  ["a nested BigInt", { big: [5n] }],
  ["a cycle", cycle],
  ["a nested function", { call: () => "CANARY" }],
  ["a nested symbol", [Symbol("CANARY")]],
  ["an object whose toJSON returns undefined", { toJSON: () => undefined }],
  ["an object whose toJSON throws", { toJSON: throws }],
  ["a lone surrogate", "CANARY\ud800"],
])("[RAW-2] %s is rejected", (_, value) => expectRefusal(value));

// realms.spec.ts covers built-in types, from this realm and from another.
describe("[RAW-5] rejects values that JSON would store as {} or otherwise incorrectly", () => {
  class Private {
    #secret = "CANARY";
    get secret() {
      return this.#secret;
    }
  }
  const form = new FormData();
  form.set("field", "CANARY");
  const blob = new Blob(["CANARY"]);

  it.each<[string, unknown]>([
    ["a Map", new Map([["CANARY", 1]])],
    ["a Set", new Set(["CANARY"])],
    ["a WeakRef", new WeakRef({})],
    ["a Response", new Response("CANARY")],
    ["a Request", new Request("http://host/", { method: "POST", body: "CANARY" })],
    ["Headers", new Headers({ a: "CANARY" })],
    ["a FormData", form],
    ["URLSearchParams", new URLSearchParams("a=CANARY")],
    ["a Blob", blob],
    ["a File", new File(["CANARY"], "name")],
    ["a ReadableStream", blob.stream()],
    ["a Node stream", Readable.from(["CANARY"])],
    ["an Error", new Error("CANARY")],
    ["an AggregateError", new AggregateError([new Error("CANARY")])],
    ["a DOMException", new DOMException("CANARY")],
    ["an iterator of a Map", new Map([["CANARY", 1]]).entries()],
    ["a promise", Promise.resolve("CANARY")],
    ["an AbortSignal", new AbortController().signal],
    ["an Event", new Event("CANARY")],
    ["an Intl object", new Intl.NumberFormat("en")],
    ["an instance of a class with private state", new Private()],
    ["an object with inherited properties", Object.create({ a: "CANARY" })],
    ["globalThis", globalThis],
    ["a CryptoKey", crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"])],
  ])("%s", async (name, given) => {
    const value = name === "a CryptoKey" ? await given : given;
    for (const refused of [value, { a: value }, [[value]], { toJSON: () => value }]) {
      await expectRefusal(refused);
    }
  });

  it.each([
    ["a typed array", Uint8Array.of(1)],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a DataView", new DataView(new ArrayBuffer(1))],
    ["a SharedArrayBuffer", new SharedArrayBuffer(1)],
  ])("%s is rejected inside an object, but is bytes as the value itself", async (_, given) => {
    await expectRefusal({ a: [given] });
    await recorded().setItemRaw("k", given);
  });

  it("the message names the path and the remedy", async () => {
    const where = /(?=.*holds under "tags" what is an instance of a class)(?=.*toJSON)/s;
    await expectRefusal({ list: [{ tags: new Set() }] }, where);
    await expectRefusal(Promise.resolve(1), /await it/);
    await expectRefusal(Readable.from(["a"]), /read it and store its bytes/);
  });
});

describe("reading", () => {
  it.each<[string, NonNullable<Row[string]>, unknown]>([
    ["bytes as a Buffer", { B: bytes }, Buffer.from(bytes)],
    ["empty bytes as an empty Buffer", { B: new Uint8Array(0) }, Buffer.alloc(0)],
    ["unstorage's base64 text decoded", { S: encoded }, Buffer.from(bytes)],
    ["empty base64 text as an empty Buffer", { S: "base64:" }, Buffer.alloc(0)],
    ["text that only looks like base64 unchanged", { S: "base64:no base64!" }, "base64:no base64!"],
    ["text unchanged", { S: '{"a":1}' }, '{"a":1}'],
    ["the empty string unchanged", { S: "" }, ""],
    ["a number as a number", { N: "5" }, 5],
    ["a list with bytes", { L: [{ B: bytes }] }, [Buffer.from(bytes)]],
    ["null as null", { NULL: true }, null],
  ])("[RAW-3] returns %s", async (_, value, expected) => {
    await table.putRow("stored", { value });
    expect(await table.driver().getItemRaw("stored")).toEqual(expected);
  });

  it("[RAW-3] returns null for items that are missing, expired or have no value", async () => {
    await table.putRow("expired", { value: { B: bytes }, ttl: { N: "1000000000" } });
    await table.putRow("bare", {});
    for (const key of ["missing", "expired", "bare"]) {
      expect(await table.driver().getItemRaw(key)).toBeNull();
    }
  });

  it("[RAW-4] getItem returns stored bytes as bytes and stored text as text", async () => {
    await table.putRow("bytes", { value: { B: bytes } });
    await table.putRow("text", { value: { S: encoded } });
    const expected = { bytes: Buffer.from(bytes), text: encoded };
    for (const [key, value] of Object.entries(expected)) {
      expect(await table.driver().getItem(key)).toEqual(value);
    }
    const items = await table.driver().getItems(Object.keys(expected));
    expect(items).toEqual(Object.entries(expected).map(([key, value]) => ({ key, value })));
  });
});

describe.each(unstorages)("[API-11] through unstorage %s", (_version, unstorage) => {
  const through = (driver: any) => unstorage.createStorage<any>({ driver });

  it("[RAW-1] bytes are stored and returned without base64", async () => {
    const [storage, part] = [through(table.driver()), bytes.slice(10, 20)];
    await storage.setItemRaw("uns:bytes.bin", bytes.subarray(10, 20));
    expect((await table.getRow("uns:bytes.bin"))?.value).toEqual({ B: part });
    expect(await storage.getItemRaw("uns:bytes.bin")).toEqual(Buffer.from(part));
  });

  it("[RAW-3] rows that unstorage's base64 fallback wrote are decoded", async () => {
    const { getItemRaw: _get, setItemRaw: _set, ...textOnly } = table.driver();
    await through(textOnly).setItemRaw("uns:old.bin", bytes);
    expect((await table.getRow("uns:old.bin"))?.value).toEqual({ S: encoded });
    expect(await through(table.driver()).getItemRaw("uns:old.bin")).toEqual(Buffer.from(bytes));
  });

  it("[RAW-2] [RAW-5] accepts text and objects, and rejects a Map", async () => {
    const storage = through(recorded());
    await failureOf(storage.setItemRaw("k", new Map([[1, 2]])));
    expect(recorder.exchanges).toEqual([]);
    await storage.setItemRaw("uns:text", "plain");
    await storage.setItemRaw("uns:object", { a: 1 });
    expect(await storage.getItemRaw("uns:text")).toBe("plain");
    expect(await storage.getItem("uns:object")).toEqual({ a: 1 });
    expect(await storage.getItemRaw("uns:missing")).toBeNull();
  });
});

describe("[RAW-3] [RAW-4] [API-11] unstorage 2.x returns the requested type", () => {
  const key = "v2:typed";
  const text = '{"ä":1}';
  const utf8 = new TextEncoder().encode(text);
  const sources: Record<string, (target: any) => Promise<void>> = {
    "an object": (target) => target.setItem(key, { ä: 1 }),
    bytes: (target) => target.setItemRaw(key, utf8),
    "a row that the base64 fallback wrote": () => table.putRow(key, { value: { S: base64(utf8) } }),
  };
  const asText = (read: any): Promise<string> => new Response(read).text();
  const types: Record<string, (read: any) => unknown> = {
    text: (read) => read,
    json: (read) => JSON.stringify(read),
    bytes: (read) => read instanceof Uint8Array && asText(read),
    stream: (read) => read instanceof ReadableStream && asText(read),
    blob: (read) => read instanceof Blob && asText(read),
  };

  it.each(Object.entries(sources))("of %s", async (_, write) => {
    const target: any = v2.createStorage({ driver: table.driver() });
    await write(target);
    for (const [type, show] of Object.entries(types)) {
      expect(await show(await target.getItem(key, { type })), type).toBe(text);
      const [one, none] = await target.getItems([key, "v2:missing"], { type });
      expect(await show(one.value), type).toBe(text);
      expect(none.value).toBeNull();
      expect(await target.getItem("v2:missing", { type })).toBeNull();
    }
  });
});
