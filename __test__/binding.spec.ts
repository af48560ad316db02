// An addon that cannot be loaded. The loader's own variable points it at nothing; package/ proves
// the same with a package that is really missing.
import { describe, expect, it } from "vitest";
import { runChild } from "./helpers/child";

describe("an addon that cannot be loaded", () => {
  const script = `
    const driver = dynamoDbCacheDriver({ table: "some-table", region: "us-east-1" });
    const calls = {
      hasItem: () => driver.hasItem("k"),
      getItem: () => driver.getItem("k"),
      setItem: () => driver.setItem("k", "v"),
      removeItem: () => driver.removeItem("k"),
      getKeys: () => driver.getKeys(),
      clear: () => driver.clear(),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await failure(call());
      report({
        name, operation: error.operation, code: error.code, retryable: error.retryable,
        ours: error instanceof DynamoDbError, message: error.message, caused: error.cause instanceof Error,
      });
    }
    await driver.dispose();
    report(driver.name);
  `;

  it("[ERR-12] is one clear error per call that names the platform; the factory works", async () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" };
    const { code, reports, stderr } = await runChild(script, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(reports.pop()).toBe("aws-dynamodb");
    expect(reports).toHaveLength(6);
    for (const report of reports) {
      expect(report).toMatchObject({
        operation: report.name,
        code: "ERR_DYNAMODB_BINDING",
        retryable: false,
        ours: true,
        caused: true,
      });
      expect(report.message).toMatch(/^\[unstorage\] \[aws-dynamodb\] /);
      expect(report.message).toContain(`${process.platform}-${process.arch}`);
    }
  });

  it("[ERR-12] is found once: later calls do not search again", async () => {
    const timed = `
      const { default: Module } = await import("node:module");
      let searches = 0;
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (...args) { searches += 1; return resolve.apply(this, args); };
      const driver = dynamoDbCacheDriver({ table: "some-table", region: "us-east-1" });
      await failure(driver.getItem("k"));
      const first = searches;
      await failure(driver.getItem("k"));
      await failure(dynamoDbCacheDriver({ table: "other-table" }).getKeys());
      report({ first: first > 0, later: searches - first });
    `;
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" };
    expect((await runChild(timed, { env })).reports).toEqual([{ first: true, later: 0 }]);
  });
});
