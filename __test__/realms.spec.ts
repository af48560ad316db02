// Values from another realm (Jest, node:vm) and values behind a Proxy are classified by their actual type, not by
// properties that could be forged.
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { loadInRealm } from "./helpers/realm";
import { useRecordedTable } from "./helpers/recorded";
import { engineOptions } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();

const foreign = (code: string): any => vm.runInNewContext(code, { Symbol });
const bytes = Uint8Array.of(1, 2);
const refusal = { name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_VALUE", key: "k" };

/** Expects both methods to reject a value before any request. */
async function expectRefusal(value: unknown): Promise<void> {
  for (const refused of [value, { nested: [value] }]) {
    for (const call of [
      recorded().setItem("k", refused),
      recorded().setItems([{ key: "k", value: refused }]),
      recorded().setItemRaw("k", refused),
    ]) {
      expect(await failureOf(call)).toMatchObject(refusal);
    }
  }
  expect(recorder.exchanges).toEqual([]);
}

/** Stores a value and returns the stored attribute value. */
async function stored(value: any, method: "setItem" | "setItemRaw" = "setItem"): Promise<any> {
  await table.driver()[method]("k", value);
  return (await table.getRow("k"))?.value;
}

const shared =
  "(() => { const b = new SharedArrayBuffer(2); new Uint8Array(b).set([1, 2]); return b; })()";
const map = { M: { a: { N: "1" } } };

describe("[VAL-6] values of another realm are stored according to their type", () => {
  it.each<[string, string, object]>([
    ["a plain object", "({ a: 1 })", map],
    ["an object without a prototype", "Object.assign(Object.create(null), { a: 1 })", map],
    ["an array", "[1, [true, null]]", { L: [{ N: "1" }, { L: [{ BOOL: true }, { NULL: true }] }] }],
    ["a Set", 'new Set(["a"])', { SS: ["a"] }],
    ["a Set of bytes", "new Set([Uint8Array.of(1)])", { BS: [Uint8Array.of(1)] }],
    ["a Map", 'new Map([["a", { b: 1 }]])', { M: { a: { M: { b: { N: "1" } } } } }],
    ["a typed array", "Uint8Array.of(0, 1, 2).subarray(1)", { B: bytes }],
    ["a DataView", "new DataView(Uint8Array.of(1, 2).buffer)", { B: bytes }],
    ["an ArrayBuffer", "Uint8Array.of(1, 2).buffer", { B: bytes }],
    ["a SharedArrayBuffer", shared, { B: bytes }],
    ["a BigInt", "5n", { N: "5" }],
    [
      "a Map with replaced methods",
      'Object.assign(new Map([["a", 1]]), { entries: null, forEach: null, [Symbol.iterator]: null })',
      map,
    ],
    [
      "a Map that claims to be a Set",
      'Object.defineProperty(new Map([["a", 1]]), Symbol.toStringTag, { value: "Set" })',
      map,
    ],
  ])("%s", async (_, code, expected: any) => {
    expect(await stored(foreign(`(${code})`))).toEqual(expected);
    expect(await stored({ nested: foreign(`(${code})`) })).toEqual({ M: { nested: expected } });
    if (expected.B) expect(await stored(foreign(code), "setItemRaw")).toEqual(expected);
  });

  it("values that setItemRaw converts to JSON", async () => {
    const value = foreign("({ a: [1, { b: new Date(0) }] })");
    const S = '{"a":[1,{"b":"1970-01-01T00:00:00.000Z"}]}';
    expect(await stored(value, "setItemRaw")).toEqual({ S });
  });

  it("a module namespace is a plain object", async () => {
    const url = "data:text/javascript,export const a = 1;";
    expect(await stored(await import(/* @vite-ignore */ url))).toEqual(map);
  });
});

describe("[VAL-6] values that are not plain data are rejected in any realm", () => {
  const withoutSuperclass =
    "(class extends null { constructor() { return Object.create(new.target.prototype); } })";
  it.each([
    ["a RegExp", "/x/"],
    ["an Error", 'new Error("CANARY")'],
    ["a Promise", "Promise.resolve(1)"],
    ["an instance of a class", "new (class Opaque { a = 1; })()"],
    ["an instance of a class called Object", "new (class Object { a = 1; })()"],
    ["an instance of a class without a superclass", `new ${withoutSuperclass}()`],
    ["an object with another prototype", "Object.create({ a: 1 })"],
    ["an object whose prototype has none", "Object.create(Object.create(null))"],
    ["an object that inherits from Map.prototype", "Object.create(Map.prototype)"],
    ["an object that claims to be a Map", '({ [Symbol.toStringTag]: "Map" })'],
    ["an object that claims to be an Array", '({ [Symbol.toStringTag]: "Array", length: 0 })'],
    ["a WeakMap", "new WeakMap()"],
    ["a generator", "(function* () { yield 1; })()"],
    ["an async generator", "(async function* () { yield 1; })()"],
    ["an iterator", "[1].values()"],
    ["arguments", "(function () { return arguments; })(1, 2)"],
    ["Math", "Math"],
    ["an Error without a prototype", 'Object.setPrototypeOf(new Error("CANARY"), null)'],
    ["an Error that inherits as an object", 'Object.setPrototypeOf(Error("x"), Object.prototype)'],
    ["a boxed symbol", "Object(Symbol.iterator)"],
    ["a function", "() => 1"],
  ])("%s", async (_, code) => {
    await expectRefusal(foreign(code));
    await expectRefusal(vm.runInThisContext(`(${code})`));
  });

  it.each([
    ["a Date", "new Date(0)"],
    ["a boxed string", 'new String("v")'],
  ])("%s, which JSON supports, by setItem only", async (_, code) => {
    expect(await failureOf(recorded().setItem("k", foreign(code)))).toMatchObject(refusal);
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("[VAL-7] a Proxy", () => {
  const reactive = (target: any): any =>
    new Proxy(target, {
      get(object, name, receiver) {
        const value = Reflect.get(object, name, receiver);
        return typeof value === "object" && value !== null ? reactive(value) : value;
      },
    });

  const nested = { M: { a: { L: [{ M: { b: { L: [{ N: "1" }] } } }] } } };
  it.each<[string, unknown, object, string]>([
    ["of an array", [1, 2], { L: [{ N: "1" }, { N: "2" }] }, "[1,2]"],
    ["of an empty array", [], { L: [] }, "[]"],
    ["of a plain object", { a: 1 }, map, '{"a":1}'],
    ["of both, nested", { a: [{ b: [1] }] }, nested, '{"a":[{"b":[1]}]}'],
    ["of another realm's array", foreign("[1]"), { L: [{ N: "1" }] }, "[1]"],
  ])("%s is stored like its target", async (_, target, expected, json) => {
    const [own, inside] = [reactive(target), { nested: reactive(target) }];
    expect(await stored(own)).toEqual(expected);
    expect(await stored(own, "setItemRaw")).toEqual({ S: json });
    expect(await stored(inside)).toEqual({ M: { nested: expected } });
    expect(await stored(inside, "setItemRaw")).toEqual({ S: `{"nested":${json}}` });
  });

  class Opaque {
    #hidden = 1;
    shown = this.#hidden;
  }
  it.each<[string, object]>([
    ["a Date", new Date()],
    ["bytes", Uint8Array.of(1, 2)],
    ["a Buffer", Buffer.from("ab")],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set(["a"])],
    ["an instance of a class", new Opaque()],
    ["an Error", new Error("CANARY")],
    ["a Promise", Promise.resolve(1)],
    ["a function", () => 1],
  ])("of %s is rejected", async (name, target) => {
    await expectRefusal(new Proxy(target, {}));
    if (name === "a function") return;
    const error = await failureOf(recorded().setItem("k", { a: new Proxy(target, {}) }));
    expect(error.message).toMatch(/\.a.*Proxy/);
  });

  const reason = new Error("from the trap");
  const trap = (): never => {
    throw reason;
  };
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  it.each<[string, unknown]>([
    ["get", new Proxy({ a: 1 }, { get: trap })],
    ["get of an array", new Proxy([1], { get: trap })],
    ["ownKeys", new Proxy({ a: 1 }, { ownKeys: trap })],
    ["getPrototypeOf", new Proxy({ a: 1 }, { getPrototypeOf: trap })],
    ["getOwnPropertyDescriptor", new Proxy({ a: 1 }, { getOwnPropertyDescriptor: trap })],
    ["any, of a revoked one", revoked.proxy],
  ])("whose trap throws fails only its own call: %s", async (name, value) => {
    await table.putRow("k", { value: { S: "old" } });
    for (const refused of [value, { nested: value }]) {
      const thrown = await failureOf(recorded().setItem("k", refused));
      if (!name.includes("revoked")) expect(thrown.cause).toBe(reason);
      expect(thrown.name).toBe("DynamoDbError");
      expect((await failureOf(recorded().setItemRaw("k", refused))).name).toBe("DynamoDbError");
    }
    expect(recorder.exchanges).toEqual([]);
    expect((await table.getRow("k"))?.value).toEqual({ S: "old" });
  });
});

it("[VAL-7] a Proxy of the array of items is accepted", async () => {
  const shown = <T extends object>(array: T): T => new Proxy(array, {});
  const items = [1, 2].map((n) => shown({ key: `shown:${n}`, value: n }));
  await table.driver().setItems(shown(items));
  expect(await table.driver().getItems(shown(items))).toEqual(items);
});

describe("[API-21] in a separate realm, as in Jest, results have its classes", () => {
  const { exports, run } = loadInRealm();
  const is = (value: unknown, name: string): boolean =>
    run(`(value) => value instanceof ${name}`)(value);
  const options = { ...engineOptions(table.name), attributes: { mtime: "at" } };

  it("promises, objects, arrays, Sets, Dates and errors", async () => {
    const driver = exports(options);
    const written = driver.setItem("k", {
      list: [{ a: 1 }],
      set: new Set(["a"]),
      bytes,
      ["__proto__"]: 1,
    });
    await written;
    const read = await driver.getItem("k");
    const meta = await driver.getMeta("k");
    const [item] = await driver.getItems(["k"]);
    const error: any = await failureOf(driver.setItem("", "v"));
    const made = exports.createTable(options);
    const closed = driver.dispose();
    for (const [name, values] of Object.entries({
      Promise: [written, made, closed],
      Object: [read, read.list[0], meta, item, await made],
      Array: [read.list, item.value.list, await exports(options).getKeys()],
      Set: [read.set],
      Date: [meta.mtime],
      Error: [error],
    })) {
      expect(
        values.map((value) => is(value, name)),
        name,
      ).toEqual(values.map(() => true));
    }
    expect([...read.set]).toEqual(["a"]);
    expect(Buffer.isBuffer(read.bytes)).toBe(true);
    expect(Object.keys(read).sort()).toEqual(["__proto__", "bytes", "list", "set"].sort());
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_KEY" });
    expect(error instanceof exports.DynamoDbError).toBe(true);
    await closed;
  });

  it("values created in the realm are stored", async () => {
    const driver = exports(options);
    await driver.setItem("k", run('({ map: new Map([["a", [1]]]), bytes: Uint8Array.of(1, 2) })'));
    expect((await table.getRow("k"))?.value).toEqual({
      M: { map: { M: { a: { L: [{ N: "1" }] } } }, bytes: { B: bytes } },
    });
    const { signal } = new AbortController();
    const read = { map: { a: [1] }, bytes: Buffer.from(bytes) };
    expect(await driver.getItem("k", { signal })).toEqual(read);
    await driver.dispose();
  });
});
