// Nothing happens before the first call, and the first call validates the options once.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { DynamoDbError } from "../index.mjs";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { credentials, engineOptions, useTable } from "./helpers/table";

const table = useTable();

describe("the factory", () => {
  const trap = new Proxy(
    {},
    {
      get() {
        throw new Error("read");
      },
      ownKeys() {
        throw new Error("listed");
      },
    },
  );

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["a number", 5],
    ["text", "table"],
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
    ["an array", [1]],
    [
      "wrong types",
      { table: 1, region: {}, credentials: 7, attributes: "x", ttl: [], endpoint: 0 },
    ],
    ["an object that throws when read", trap],
  ])("[API-2] throws nothing for %s, and the first call rejects", async (_, options) => {
    const driver = dynamoDbCacheDriver(options as never);
    await expect(driver.getItem("k")).rejects.toBeInstanceOf(DynamoDbError);
  });

  it("[API-2] loads and opens nothing before the first call", async () => {
    const script = `
      const { createServer } = await import("node:net");
      let connections = 0;
      const server = createServer((socket) => { connections += 1; socket.destroy(); });
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      const loaded = () => process.report.getReport().sharedObjects
        .filter((path) => path.endsWith(".node")).length;
      const endpoint = "http://127.0.0.1:" + server.address().port;
      const driver = dynamoDbCacheDriver({ ...${literal(engineOptions("some-table"))}, endpoint });
      await new Promise((resolve) => setTimeout(resolve, 200));
      const before = { loaded: loaded(), connections };
      await failure(driver.getItem("k"));
      report({ before, after: { loaded: loaded(), connected: connections > 0 } });
      server.close();
    `;
    const { reports } = await runChild(script);
    expect(reports).toEqual([
      { before: { loaded: 0, connections: 0 }, after: { loaded: 1, connected: true } },
    ]);
  });

  it.each(methods)(
    "[API-3] %s with a bad option returns a promise that rejects",
    async (name, _, call) => {
      const driver = dynamoDbCacheDriver({ table: "no spaces" } as never);
      const promise = call(driver);
      expect(promise).toBeInstanceOf(Promise);
      await expect(promise).rejects.toMatchObject({
        code: "ERR_DYNAMODB_INVALID_OPTION",
        operation: name,
      });
    },
  );

  it("[OPT-22] a setting that the environment lacks may be added later", async () => {
    const script = `
      const driver = dynamoDbCacheDriver({ table: "some-table" });
      const first = await failure(driver.getItem("k"));
      process.env.AWS_REGION = "eu-west-1";
      const again = await failure(driver.getItem("k"));
      const other = await failure(driver.getKeys());
      report([first.code, again.code, other.code]);
    `;
    const { reports } = await runChild(script);
    const found = "ERR_DYNAMODB_CREDENTIALS";
    expect(reports).toEqual([["ERR_DYNAMODB_NO_REGION", found, found]]);
  });

  it("[API-3] remembers an invalid option, even if the caller corrects it", async () => {
    const scan = { segments: 0 };
    const driver = dynamoDbCacheDriver({ table: "some-table", scan });
    const first = await failureOf(driver.getItem("k"));
    scan.segments = 1;
    const others = [await failureOf(driver.getItem("k")), await failureOf(driver.getKeys())];
    for (const error of [first, ...others]) {
      expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
      expect(error.message).toContain("scan.segments");
    }
  });
});

describe("the options that it exposes", () => {
  it("[API-5] options are a copy without credentials, client and Nitro's driver key", () => {
    const options = {
      driver: "unstorage-dynamodb",
      table: "some-table",
      region: "eu-west-1",
      credentials: { ...credentials },
      attributes: { key: "pk" },
      expireIn: 60,
      scan: { segments: 4, pageSize: { secret: "CANARY" } },
      client: { send() {} },
    };
    const driver = dynamoDbCacheDriver(options as never);
    expect(driver.options).not.toBe(options);
    expect(driver.options).toEqual({
      table: "some-table",
      region: "eu-west-1",
      attributes: { key: "pk" },
      expireIn: 60,
      scan: { segments: 4 },
    });
  });

  it.each([
    ["http://CANARYuser:CANARYpass@localhost:8000/"],
    ["https://CANARYuser@localhost:8000"],
    ["http://CANARY:p@CANARY@localhost:8000"],
    // Other spellings of the same URL that a URL parser accepts.
    ["http:\\\\CANARYuser:CANARYpass@localhost:8000"],
    ["http:CANARYuser:CANARYpass@localhost:8000"],
    [new URL("http://CANARYuser:CANARYpass@localhost:8000")],
  ])("[API-5] user information in the endpoint is masked: %s", (endpoint) => {
    const driver = dynamoDbCacheDriver({ table: "some-table", endpoint: endpoint as string });
    expect(inspect(driver, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
    expect(JSON.stringify(driver.options)).not.toContain("CANARY");
  });

  it("[API-5] the rest of the endpoint is exposed", () => {
    const shown = (endpoint: string): string | null | undefined =>
      dynamoDbCacheDriver({ table: "some-table", endpoint }).options.endpoint;
    expect(shown("http://user:pass@localhost:8000/")).toMatch(/localhost:8000\/?$/);
    expect(shown("https://localhost:8000/path")).toBe("https://localhost:8000/path");
  });

  it("[API-5] the caller's object is not changed, and may be frozen at every level", async () => {
    const options = {
      ...engineOptions(table.name),
      credentials: Object.freeze({ ...credentials }),
      attributes: Object.freeze({ value: "value" }),
      driver: "unstorage-dynamodb",
    };
    const before = structuredClone(options);
    const driver = dynamoDbCacheDriver(Object.freeze(options));
    await driver.setItem("frozen", "v");
    expect(await driver.getItem("frozen")).toBe("v");
    await driver.dispose();
    expect(options).toEqual(before);
  });
});
