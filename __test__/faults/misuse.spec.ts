// What callers get wrong, or do on purpose: wrong types everywhere, hostile bases, bytes that change, a busy thread.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { methods } from "../helpers/methods";
import { seededRandom, testSeed } from "../helpers/random";
import { useTable } from "../helpers/table";
import { runCase } from "./helpers/case";
import { found, type Reply, useEndpoint } from "../helpers/endpoint";

const table = useTable();
const endpoint = useEndpoint();

describe("arguments of any type", () => {
  // Source text, made in the child: most of these survive no JSON.
  const odd = [
    "undefined",
    "null",
    "true",
    "0",
    "-1",
    "NaN",
    "Infinity",
    "1n",
    `""`,
    `"\\ud800"`,
    `"x".repeat(3000)`,
    "Symbol('s')",
    "() => 1",
    "class {}",
    "[]",
    "[[]]",
    "[undefined]",
    "[null, {}, 5]",
    "{}",
    "Object.create(null)",
    "new Date(NaN)",
    "new Map([[{}, 1]])",
    "new Set([{}])",
    "new WeakMap()",
    "Promise.resolve(1)",
    "Promise.reject(new Error('on purpose')).catch(() => {}) && new Promise(() => {})",
    "new Proxy({}, {})",
    "new Proxy({}, { get() { throw new Error('from a proxy'); } })",
    "new Proxy([], { get() { throw new Error('from a proxy'); } })",
    "(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()",
    "{ get ttl() { throw new Error('from a getter'); }, get key() { throw new Error('k'); } }",
    "{ get signal() { throw new Error('from a getter'); } }",
    "{ signal: {} }",
    "{ signal: { aborted: false, addEventListener() { throw new Error('no'); } } }",
    "{ signal: 5 }",
    "{ signal: new Proxy(AbortSignal.abort(), {}) }",
    "{ length: 2 ** 31, 0: 'a' }",
    "{ toString() { throw new Error('no'); }, valueOf() { throw new Error('no'); } }",
    "new Uint8Array(new SharedArrayBuffer(4))",
    "structuredClone(new ArrayBuffer(8), { transfer: [] })",
    "(() => { const b = new ArrayBuffer(8); structuredClone(b, { transfer: [b] }); return b; })()",
    "(() => { const b = new ArrayBuffer(8); const v = new DataView(b); structuredClone(b, { transfer: [b] }); return v; })()",
    "(() => { const a = []; a.push(a); return a; })()",
    "(() => { let a = {}; for (let n = 0; n < 50_000; n += 1) a = { a }; return a; })()",
    "globalThis",
    "process.env",
  ];
  it.each(methods.map(([name]) => name))(
    "[case 42] %s: rejects or works, and never throws",
    async (method) => {
      endpoint.script(({ operation }) => (operation === "Scan" ? { body: { Items: [] } } : {}));
      const body = `
      const odd = [${odd.map((text) => `() => (${text})`).join(",\n")}];
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, batch: false });
      const outcomes = { resolved: 0, threw: [], codes: {} };
      for (const position of [0, 1, 2]) {
        for (const [n, one] of odd.entries()) {
          const given = ["k", "v", {}].slice(0, 3);
          if (["getItems", "setItems"].includes(${literal(method)})) {
            given[0] = ${literal(method)} === "getItems" ? ["k"] : [{ key: "k", value: "v" }];
            given[1] = {};
          }
          if (!["setItem", "setItemRaw"].includes(${literal(method)})) given.length = 2;
          given[position] = one();
          let call;
          try { call = driver[${literal(method)}](...given); }
          catch (error) { outcomes.threw.push([position, n, String(error)]); continue; }
          const { error } = await settle(call);
          if (!error) outcomes.resolved += 1;
          else outcomes.codes[error.code] = (outcomes.codes[error.code] ?? 0) + 1;
        }
      }
      report(outcomes);
      report(await settle(driver.getItem("k")));
    `;
      const { reports } = await runCase(body, { lagMs: 2000 });
      const [{ threw, codes }, after] = reports;
      expect(threw).toEqual([]);
      for (const code of Object.keys(codes)) expect(code).toMatch(/^ERR_DYNAMODB_/);
      expect(after.value).toBeNull();
    },
  );

  it("[case 42] a getter of an item or an option is called once at most", async () => {
    const { reports } = await runCase(`
      const counts = {};
      const spy = (label, object) => new Proxy(object, {
        get(target, name) {
          const key = label + "." + String(name);
          counts[key] = (counts[key] ?? 0) + 1;
          return target[name];
        },
      });
      const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
      await driver.setItem("k", spy("value", { a: 1, b: { c: 2 } }), spy("options", { ttl: 5 }));
      await driver.setItems([spy("item", { key: "k", value: 1 })], spy("common", { ttl: 5 }));
      await driver.getItems([spy("asked", { key: "k" })]);
      report(Object.entries(counts).filter(([, count]) => count > 1));
    `);
    expect(reports).toEqual([[]]);
  });

  it("[case 42] a text of ten million characters is refused, and the next call works", async () => {
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
       report(await settle(driver.setItem("k", "x".repeat(1e7))));
       report(await settle(driver.getItem("x".repeat(1e7))));
       report(await settle(driver.setItem("k", "v")));`,
      { lagMs: 60_000, limitMs: 200_000 },
    );
    expect(reports[0].error.code).toBe("ERR_DYNAMODB_ITEM_TOO_LARGE");
    expect(reports[1].value).toBeNull();
    expect(reports[2].value).toBe("undefined");
  });
});

describe("a base that looks like an expression", () => {
  it("[case 47] is a literal prefix: nothing else is listed, and nothing else is cleared", async () => {
    const seed = testSeed();
    console.log(`TEST_SEED=${seed}`);
    const random = seededRandom(seed);
    const pieces = [":p", "#k", ":now", "#t", '"', "'", "\\", " OR ", "attribute_exists(#k)"];
    pieces.push("(", ")", "=", "<>", ",", "*", "%", "_", "?", "\n", "\0", "é", "{}", "${x}");
    const some = (): string =>
      Array.from(
        { length: 1 + Math.floor(random() * 4) },
        () => pieces[Math.floor(random() * pieces.length)]!,
      ).join("");
    const driver = table.driver();
    const bases = [...new Set(Array.from({ length: 25 }, some)), "y".repeat(1000)];
    await table.putRows(bases.map((base) => ({ key: { S: `${base}:k` }, value: { S: "v" } })));
    for (const base of bases) {
      const expected = bases
        .filter((other) => `${other}:k`.startsWith(`${base}:`))
        .map((b) => `${b}:k`);
      expect((await driver.getKeys(base)).sort(), JSON.stringify({ seed, base })).toEqual(
        expected.sort(),
      );
    }
    for (const base of bases) {
      const left = (await table.keys()).filter((key) => !key.startsWith(`${base}:`));
      await driver.clear(base);
      expect(await table.keys(), JSON.stringify({ seed, base })).toEqual(left);
    }
  });
});

describe("a busy machine", () => {
  it("[case 48] a thread that blocks for 6 seconds makes no call late by its own time", async () => {
    endpoint.script(() => ({ ...found("v"), delay: 50 }));
    // An attempt has 5 seconds: those of the driver, not of this thread.
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 1 });
       const calls = Array.from({ length: 20 }, (_, n) => driver.getItem("k" + n));
       const end = performance.now() + 6000;
       while (performance.now() < end);
       const outcomes = await Promise.allSettled(calls);
       report(outcomes.map(({ value, reason }) => value ?? reason.message));`,
      { lagMs: 60_000, limitMs: 120_000 },
    );
    expect(reports).toEqual([Array(20).fill("v")]);
  });

  it("[case 48] one processor and 32 busy threads: a credentials function is heard", async () => {
    endpoint.script(() => found("v"));
    const { reports } = await runCase(
      `const { Worker } = await import("node:worker_threads");
       const busy = Array.from({ length: 32 }, () => new Worker("for (;;);", { eval: true }));
       let calls = 0;
       const credentials = async () => { calls += 1; await sleep(10); return canary.credentials; };
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, credentials });
       const outcomes = await settle(Promise.all(Array.from({ length: 20 }, () => driver.getItem("k"))), 100_000);
       await Promise.all(busy.map((worker) => worker.terminate()));
       await sleep(200);
       report([outcomes.value?.length, calls, outcomes.error ?? null]);`,
      { through: ["taskset", "-c", "0"], lagMs: 120_000, limitMs: 150_000 },
    );
    expect(reports).toEqual([[20, 1, null]]);
  });
});

describe("eventual consistency", () => {
  it("[case 49] an old item is what DynamoDB may answer, unless `consistentRead` is set", async () => {
    let stored = "old";
    const answer = (isConsistent: boolean): Reply => found(isConsistent ? stored : "old");
    endpoint.script(({ operation, request }) => {
      if (operation === "GetItem") return answer(request.ConsistentRead === true);
      stored = request.Item.value.S;
      return {};
    });
    const { reports } = await runCase(`
      const options = { endpoint: ${literal(endpoint.endpoint)} };
      const [usual, careful] = [make(options), make({ ...options, consistentRead: true })];
      await usual.setItem("k", "new");
      report([await usual.getItem("k"), await careful.getItem("k"),
        await usual.getItem("k", { consistentRead: true })]);
    `);
    expect(reports).toEqual([["old", "new", "new"]]);
  });
});
