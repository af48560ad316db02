// A panic inside the addon, in each place where its code runs: an error for the caller, and nothing more. The addon is one
// that panics on demand; `npm run test:faults` builds it.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "../helpers/child";
import { expectNoSecret } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
const addon = process.env.FAULT_ADDON ?? "";
const inside = new URL("./helpers/inside.mjs", import.meta.url).href;

const calls = [
  `hasItem("k")`,
  `getItem("k")`,
  `getItems(["a", "b"])`,
  `getItemRaw("k")`,
  `getMeta("k")`,
  `setItem("k", canary.value)`,
  `setItems([{ key: "k", value: canary.value }])`,
  `setItemRaw("k", Buffer.from(canary.value))`,
  `removeItem("k")`,
  `getKeys("a")`,
  `clear("a")`,
];

describe("a panic", () => {
  it("needs the addon that panics on demand", () => {
    expect(addon, "FAULT_ADDON is not set: run `npm run test:faults`").not.toBe("");
  });

  it.each([
    ["on the JavaScript thread, in every method", "call"],
    ["on the addon's own thread, in every method", "future"],
  ])("[case 41] %s: that call rejects, the next one works", async (_, place) => {
    endpoint.script(({ operation }) => (operation === "Scan" ? {} : found("v")));
    const result = await runChild(
      `const { make, settle, canary, sleep } = await import(${literal(inside)});
       const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
       await driver.getItem("k");
       for (const call of [${calls.map((call) => `() => driver.${call}`).join(", ")}]) {
         process.env.UNSTORAGE_DYNAMODB_FAULT = ${literal(place)};
         const struck = await settle(call());
         delete process.env.UNSTORAGE_DYNAMODB_FAULT;
         report([struck.error.code, (await settle(driver.getItem("k"))).value]);
       }
       await driver.dispose();`,
      { env: { NAPI_RS_NATIVE_LIBRARY_PATH: addon } },
    );
    expect([result.code, result.signal]).toEqual([0, null]);
    expect(result.reports).toEqual(calls.map(() => ["ERR_DYNAMODB_INTERNAL", "v"]));
    expectNoSecret(result);
    expect(result.lingeredMs).toBeLessThan(2000);
  });

  it("[case 41] in the factory: each call rejects, another driver works", async () => {
    endpoint.script(() => found("v"));
    const result = await runChild(
      `const { make, settle } = await import(${literal(inside)});
       const [broken, fine] = [1, 2].map(() => make({ endpoint: ${literal(endpoint.endpoint)} }));
       process.env.UNSTORAGE_DYNAMODB_FAULT = "factory";
       const struck = await settle(broken.getItem("k"));
       delete process.env.UNSTORAGE_DYNAMODB_FAULT;
       report([struck.error.code, (await settle(fine.getItem("k"))).value]);`,
      { env: { NAPI_RS_NATIVE_LIBRARY_PATH: addon } },
    );
    expect([result.code, result.signal]).toEqual([0, null]);
    expect(result.reports).toEqual([["ERR_DYNAMODB_INTERNAL", "v"]]);
    expectNoSecret(result);
  });
});
