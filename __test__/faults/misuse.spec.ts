// Misuse, accidental or deliberate: wrong types everywhere, getters, huge texts, a busy thread.
import { describe, expect, it } from "vitest";
import { found } from "../helpers/endpoint";
import { methods } from "../helpers/methods";
import { useCases } from "./helpers/case";

const { endpoint, run } = useCases();

describe("arguments of any type", () => {
  // Source text that runs in the child, because most of these values cannot be sent as JSON.
  const odd = String.raw`[
    undefined, null, true, 0, -1, NaN, Infinity, 1n, "", "\ud800", "x".repeat(3000), Symbol("s"), () => 1, class {},
    [], [[]], [undefined], [null, {}, 5], {}, Object.create(null), globalThis, process.env, { length: 2 ** 31, 0: "a" },
    new Date(NaN), new Map([[{}, 1]]), new Set([{}]), new WeakMap(), Promise.resolve(1),
    Promise.reject(new Error("on purpose")).catch(() => {}) && new Promise(() => {}),
    new Proxy({}, {}), new Proxy({}, { get: fail }), new Proxy([], { get: fail }), revoked(),
    { get ttl() { fail(); }, get key() { fail(); } }, { get signal() { fail(); } },
    { signal: {} }, { signal: 5 }, { signal: { aborted: false, addEventListener: fail } },
    { signal: new Proxy(AbortSignal.abort(), {}) }, { toString: fail, valueOf: fail },
    new Uint8Array(new SharedArrayBuffer(4)), new ArrayBuffer(8), detached((buffer) => buffer),
    detached((buffer) => new DataView(buffer)), circular(), deep(),
  ]`;
  const makers = `
    const fail = () => { throw new Error("on purpose"); };
    const revoked = () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; };
    const detached = (of) => {
      const buffer = new ArrayBuffer(8);
      const result = of(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return result;
    };
    const circular = () => { const a = []; a.push(a); return a; };
    const deep = () => { let a = {}; for (let n = 0; n < 50_000; n += 1) a = { a }; return a; };
    const odd = () => ${odd};
  `;
  const right = (method: string): string => {
    if (method === "getItems") return `[["k"], {}]`;
    if (method === "setItems") return `[[{ key: "k", value: "v" }], {}]`;
    return method.startsWith("setItem") ? `["k", "v", {}]` : `["k", "v"]`;
  };

  it.each(methods.map(([method]) => method))(
    "[case 42] %s: rejects or works, and never throws",
    async (method) => {
      endpoint.script(({ operation }) => (operation === "Scan" ? { body: { Items: [] } } : {}));
      const [{ threw, codes }, after] = await run(
        `${makers}
         const [threw, codes] = [[], new Set()];
         for (const position of [0, 1, 2]) {
           for (const n of odd().keys()) {
             const given = ${right(method)};
             given[position] = odd()[n];
             let call;
             try { call = driver.${method}(...given); }
             catch (error) { threw.push([position, n, String(error)]); continue; }
             const { error } = await settle(call);
             if (error) codes.add(error.code);
           }
         }
         report({ threw, codes: [...codes] });
         report(await settle(driver.getItem("k")));`,
        { driver: { batch: false }, lagMs: 2000 },
      );
      expect(threw).toEqual([]);
      for (const code of codes) expect(code).toMatch(/^ERR_DYNAMODB_/);
      expect(after.value).toBeNull();
    },
  );

  it("[case 42] a getter of an item or an option is called at most once", async () => {
    const reports = await run(`
      const counts = {};
      const spy = (label, object) => new Proxy(object, {
        get(target, name) {
          const key = label + "." + String(name);
          counts[key] = (counts[key] ?? 0) + 1;
          return target[name];
        },
      });
      await driver.setItem("k", spy("value", { a: 1, b: { c: 2 } }), spy("options", { ttl: 5 }));
      await driver.setItems([spy("item", { key: "k", value: 1 })], spy("common", { ttl: 5 }));
      await driver.getItems([spy("asked", { key: "k" })]);
      report(Object.entries(counts).filter(([, count]) => count > 1));
    `);
    expect(reports).toEqual([[]]);
  });

  it("[case 42] a text of ten million characters is rejected, and the next call works", async () => {
    const reports = await run(
      `report(await settle(driver.setItem("k", "x".repeat(1e7))));
       report(await settle(driver.getItem("x".repeat(1e7))));
       report(await settle(driver.setItem("k", "v")));`,
      { lagMs: 60_000 },
    );
    expect(reports).toMatchObject([
      { error: { code: "ERR_DYNAMODB_ITEM_TOO_LARGE" } },
      { value: null },
      { value: "undefined" },
    ]);
  });
});

describe("a busy machine", () => {
  it("[case 48] a thread that blocks for 6 seconds causes no timeout", async () => {
    endpoint.script(() => ({ ...found("v"), delay: 50 }));
    // An attempt may take 5 seconds of the driver's time, not of this thread's.
    const reports = await run(
      `const calls = Array.from({ length: 20 }, (_, n) => driver.getItem("k" + n));
       const end = performance.now() + 6000;
       while (performance.now() < end);
       const outcomes = await settleAll(calls);
       report(outcomes.map(({ value, error }) => value ?? error.message));`,
      { driver: { maxAttempts: 1 }, lagMs: 60_000 },
    );
    expect(reports).toEqual([Array(20).fill("v")]);
  });

  it("[case 48] one processor and 32 busy threads: a credentials function is called", async () => {
    endpoint.script(() => found("v"));
    const reports = await run(
      `const { Worker } = await import("node:worker_threads");
       const busy = Array.from({ length: 32 }, () => new Worker("for (;;);", { eval: true }));
       let calls = 0;
       const credentials = async () => { calls += 1; await sleep(10); return canary.credentials; };
       const asking = make({ ...options, credentials });
       const outcomes = await settle(Promise.all(Array.from({ length: 20 }, (_, n) => asking.getItem("k" + n))), 100_000);
       await Promise.all(busy.map((worker) => worker.terminate()));
       await sleep(200);
       report([outcomes.value?.length, calls, outcomes.error ?? null]);`,
      { through: ["taskset", "-c", "0"], lagMs: 120_000 },
    );
    expect(reports).toEqual([[20, 1, null]]);
  });
});
