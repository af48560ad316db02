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
  const fail = (): never => {
    throw new Error("read");
  };
  const trap = new Proxy({}, { get: fail, ownKeys: fail });
  const wrongTypes = { table: 1, region: {}, credentials: 7, attributes: "x", ttl: [] };

  it("[API-2] never throws, whatever the options; the first call rejects", async () => {
    const notObjects = [undefined, null, 5, "table", () => {}, Symbol("s"), [1]];
    const within = ["attributes", "largeValues", "nearCache", "scan"];
    const traps = [trap, ...within.map((name) => ({ table: "some-table", [name]: trap }))];
    for (const options of [...notObjects, {}, wrongTypes, { endpoint: 0 }, ...traps]) {
      const driver = dynamoDbCacheDriver(options as never);
      expect(await failureOf(driver.getItem("k"))).toBeInstanceOf(DynamoDbError);
    }
  });

  it("[API-2] loads no addon and opens no connection before the first call", async () => {
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
      report([loaded(), connections > 0]);
      await failure(driver.getItem("k"));
      report([loaded(), connections > 0]);
      server.close();
    `;
    const { reports } = await runChild(script);
    expect(reports).toEqual([
      [0, false],
      [1, true],
    ]);
  });

  it.each(methods)("[API-3] %s with an invalid option rejects, never throws", async (...method) => {
    const [operation, , call] = method;
    const promise = call(dynamoDbCacheDriver({ table: "no spaces" } as never));
    expect(promise).toBeInstanceOf(Promise);
    const code = "ERR_DYNAMODB_INVALID_OPTION";
    expect(await failureOf(promise)).toMatchObject({ code, operation });
  });

  it("[OPT-22] a setting that is missing from the environment may be added later", async () => {
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

describe("the exposed options", () => {
  const optionsOf = (options: object) =>
    dynamoDbCacheDriver({ table: "some-table", ...options } as never).options;

  it("[API-5] are a copy without credentials, `client` and Nitro's `driver`", () => {
    const shown = {
      table: "some-table",
      region: "eu-west-1",
      attributes: { key: "pk" },
      expireIn: 60,
      consistentRead: true,
      maxAttempts: 2,
      connectTimeout: 1,
      attemptTimeout: 2,
      timeout: 0,
      maxConnections: 5,
      profile: "shop",
      userAgent: "shop/1",
      proxy: true,
    };
    const hidden = { driver: "unstorage-dynamodb", credentials, client: { send() {} } };
    const scan = { segments: 4, pageSize: { secret: "CANARY" } };
    const options = { ...shown, ...hidden, scan };
    expect(optionsOf(options)).not.toBe(options);
    expect(optionsOf(options)).toEqual({ ...shown, scan: { segments: 4 } });
  });

  it.each([
    "http://CANARYuser:CANARYpass@localhost:8000/",
    "https://CANARYuser@localhost:8000",
    "http://CANARY:p@CANARY@localhost:8000",
    // URL parsers also accept these spellings.
    "http:\\\\CANARYuser:CANARYpass@localhost:8000",
    "http:CANARYuser:CANARYpass@localhost:8000",
    new URL("http://CANARYuser:CANARYpass@localhost:8000"),
  ])("[API-5] user information in endpoint and proxy is masked: %s", (url) => {
    for (const options of [{ endpoint: url }, { proxy: url }]) {
      const driver = dynamoDbCacheDriver({ table: "some-table", ...options } as never);
      expect(inspect(driver, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
      expect(JSON.stringify(driver.options)).not.toContain("CANARY");
    }
  });

  it("[API-5] the rest of endpoint and proxy is exposed", () => {
    const { endpoint, proxy } = optionsOf({
      endpoint: "http://user:pass@localhost:8000/",
      proxy: "http://user:pass@proxy:3128",
    });
    expect(endpoint).toMatch(/localhost:8000\/?$/);
    expect(proxy).toMatch(/proxy:3128$/);
    const plain = { endpoint: "https://localhost:8000/path" };
    expect(optionsOf(plain)).toMatchObject(plain);
  });

  it("[API-5] the caller's object is not modified, and may be deeply frozen", async () => {
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
