// An addon that cannot be loaded. The loader's own variable points it at nothing; package/ proves
// the same with a package that is really missing.
import { describe, expect, it } from "vitest";
import { entry, runChild } from "./helpers/child";

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

  it("[ERR-12] is searched for once a second at most", async () => {
    const timed = `
      const { default: Module } = await import("node:module");
      let searches = 0;
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (...args) { searches += 1; return resolve.apply(this, args); };
      const driver = dynamoDbCacheDriver({ table: "some-table", region: "us-east-1" });
      let now = 5000;
      performance.now = () => now;
      await failure(driver.getItem("k"));
      const first = searches;
      now += 999;
      await failure(driver.getItem("k"));
      await failure(dynamoDbCacheDriver({ table: "other-table" }).getKeys());
      const soon = searches - first;
      now += 1;
      await failure(driver.getItem("k"));
      report({ first: first > 0, soon, later: searches - first > 0 });
    `;
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" };
    expect((await runChild(timed, { env })).reports).toEqual([
      { first: true, soon: 0, later: true },
    ]);
  });

  it("[ERR-12] is loaded by a later call, where only a file descriptor was missing", async () => {
    const once = `
      const { openSync, closeSync } = await import("node:fs");
      let now = 5000;
      performance.now = () => now;
      const driver = dynamoDbCacheDriver({ table: "some-table", region: "us-east-1", credentials: {} });
      const open = [];
      try { for (;;) open.push(openSync("/dev/null")); } catch {}
      const { code: first } = await failure(driver.getItem("k"));
      open.forEach((one) => closeSync(one));
      now += 1000;
      // The addon is there, and refuses the credentials.
      report([first, (await failure(driver.getItem("k"))).code]);
    `;
    const through = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"];
    const { reports } = await runChild(once, { through });
    expect(reports).toEqual([["ERR_DYNAMODB_BINDING", "ERR_DYNAMODB_INVALID_OPTION"]]);
  });

  it("[ERR-12] leaves the program's own setting of process.report", async () => {
    const settings = `
      const { platformTag } = await import("node:module").then(({ createRequire }) =>
        createRequire(${JSON.stringify(entry)})("./js/loader.cjs"));
      for (const excludeNetwork of [false, true]) {
        process.report.excludeNetwork = excludeNetwork;
        platformTag();
        report(process.report.excludeNetwork);
      }
    `;
    expect((await runChild(settings)).reports).toEqual([false, true]);
  });
});
