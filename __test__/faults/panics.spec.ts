// A panic anywhere in the addon becomes an error for the caller. `npm run test:faults` builds an addon that panics on
// demand.
import { expect, it } from "vitest";
import { found, useEndpoint } from "../helpers/endpoint";
import { expectNoSecret, runPlain } from "./helpers/case";

const endpoint = useEndpoint();
const addon = process.env.FAULT_ADDON ?? "";
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

it("needs the addon that panics on demand", () => {
  expect(addon, "FAULT_ADDON is not set: run `npm run test:faults`").not.toBe("");
});

it.each([
  ["on the JavaScript thread, in every method", "call", calls],
  ["on the addon's own thread, in every method", "future", calls],
  ["in the factory, whose calls reject", "factory", [`getItem("k")`]],
])("[case 41] a panic %s: that call rejects, the next one works", async (_, place, methods) => {
  endpoint.script(({ operation }) => (operation === "Scan" ? {} : found("v")));
  const result = await runPlain(
    `const isFactory = ${place === "factory"};
     if (!isFactory) await driver.getItem("k");
     for (const call of [${methods.map((call) => `() => driver.${call}`).join(", ")}]) {
       process.env.UNSTORAGE_DYNAMODB_FAULT = "${place}";
       const struck = await settle(call());
       delete process.env.UNSTORAGE_DYNAMODB_FAULT;
       const next = isFactory ? make(options) : driver;
       report([struck.error.code, (await settle(next.getItem("k"))).value]);
     }
     await driver.dispose();`,
    {
      driver: { endpoint: endpoint.endpoint },
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: addon },
    },
  );
  expect(result).toMatchObject({ code: 0, signal: null });
  expect(result.reports).toEqual(methods.map(() => ["ERR_DYNAMODB_INTERNAL", "v"]));
  expectNoSecret(result);
  expect(result.lingeredMs).toBeLessThan(2000);
});
