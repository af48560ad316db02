// An addon that cannot be loaded. Here, the loader's variable points to a missing file; package/ tests a package that
// is really missing.
import { describe, expect, it } from "vitest";
import { type ChildOptions, entry, literal, runChild } from "./helpers/child";

const missing = { env: { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" } };

async function reportsOf(body: string, child: ChildOptions): Promise<any[]> {
  const options = { table: "some-table", region: "us-east-1", credentials: {} };
  const script = `const driver = dynamoDbCacheDriver(${literal(options)}); ${body}`;
  const { code, reports, stderr } = await runChild(script, child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return reports;
}

describe("an addon that cannot be loaded", () => {
  it("[ERR-12] [TAB-1] causes one clear error per call that names the platform; the factory works", async () => {
    const script = `
      const { createTable } = await import(${literal(entry)});
      const { name, dispose, getInstance, options, ...methods } = driver;
      for (const [method, call] of Object.entries({ ...methods, createTable })) {
        const error = await failure(call({ table: "some-table" }));
        const { operation, code, retryable, message } = error;
        const classes = [error instanceof DynamoDbError, error.cause instanceof Error];
        report({ method, operation, code, retryable, message, classes });
      }
      await dispose();
      report(name);
    `;
    const reports = await reportsOf(script, missing);
    expect(reports.pop()).toBe("aws-dynamodb");
    expect(reports).toHaveLength(12);
    for (const { method, message, ...rest } of reports) {
      const code = "ERR_DYNAMODB_BINDING";
      expect(rest).toEqual({ operation: method, code, retryable: false, classes: [true, true] });
      expect(message).toMatch(/^\[unstorage\] \[aws-dynamodb\] /);
      expect(message).toContain(`${process.platform}-${process.arch}`);
    }
  });

  it("[ERR-12] is looked up at most once a second", async () => {
    const script = `
      const { default: Module } = await import("node:module");
      let searches = 0;
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (...args) { searches += 1; return resolve.apply(this, args); };
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
    expect(await reportsOf(script, missing)).toEqual([{ first: true, soon: 0, later: true }]);
  });

  it("[ERR-12] is loaded by a later call if only a file descriptor was missing", async () => {
    const script = `
      const { openSync, closeSync } = await import("node:fs");
      let now = 5000;
      performance.now = () => now;
      const open = [];
      try { for (;;) open.push(openSync("/dev/null")); } catch {}
      report((await failure(driver.getItem("k"))).code);
      open.forEach((one) => closeSync(one));
      now += 1000;
      // The addon loads and rejects the credentials.
      report((await failure(driver.getItem("k"))).code);
    `;
    const through = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"];
    const codes = ["ERR_DYNAMODB_BINDING", "ERR_DYNAMODB_INVALID_OPTION"];
    expect(await reportsOf(script, { through })).toEqual(codes);
  });

  it.each([
    ["freebsd-x64", { platform: "freebsd", arch: "x64" }],
    ["win32-ia32-msvc", { platform: "win32", arch: "ia32" }],
    ["linux-arm-gnu", { platform: "linux", arch: "arm" }],
    ["webcontainer", { versions: { ...process.versions, webcontainer: "1" }, report: undefined }],
  ])("[ERR-12] on %s, lists the supported platforms", async (name, platform) => {
    const script = `
      const platform = ${literal({ ...platform })};
      for (const property of ${literal(Object.keys(platform))}) {
        Object.defineProperty(process, property, { value: platform[property] });
      }
      const { code, message } = await failure(driver.getItem("k"));
      report([code, message]);
    `;
    const [[code, message]] = await reportsOf(script, missing);
    expect(code).toBe("ERR_DYNAMODB_BINDING");
    expect(message).toContain(`The native addon for ${name} `);
    expect(message).toContain(" Supported platforms: linux-x64-gnu, ");
  });

  it("[ERR-12] does not change the program's setting of process.report", async () => {
    const script = `
      const { createRequire } = await import("node:module");
      const { platformTag } = createRequire(${literal(entry)})("./js/loader.cjs");
      for (const excludeNetwork of [false, true]) {
        process.report.excludeNetwork = excludeNetwork;
        platformTag();
        report(process.report.excludeNetwork);
      }
    `;
    expect(await reportsOf(script, {})).toEqual([false, true]);
  });
});
