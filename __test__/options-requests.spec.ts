// The options that affect and limit requests, verified in the requests themselves.
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver from "../index.mjs";
import { failureOf, refusalOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

function recorded(options: Record<string, unknown> = {}): any {
  return table.driver({ endpoint: recorder.endpoint, ...options });
}

const notNumbers = [-1, 1.5, Number.NaN, Infinity, "soon", true, {}, [], () => 5];

describe("consistentRead", () => {
  const flags = (): unknown[] => recorder.exchanges.map(({ request }) => request.ConsistentRead);

  async function readAll(driver: any, options?: Record<string, unknown>): Promise<void> {
    await driver.getItem("k", options);
    await driver.hasItem("k", options);
    await driver.getKeys("", options);
    await driver.getMeta("k", options);
    await driver.getItems(["k"], options);
  }

  it.each([
    [undefined, undefined, undefined],
    [false, undefined, undefined],
    [true, undefined, true],
    [true, {}, true],
    [true, { consistentRead: null }, true],
    [true, { consistentRead: false }, undefined],
    [undefined, { consistentRead: true }, true],
    ["true", { consistentRead: "" }, true],
    ["TRUE", { consistentRead: "false" }, undefined],
    ["false", { consistentRead: "true" }, true],
  ])("[OPT-12] option %j, call %j: sent as %j", async (option, call, sent) => {
    await readAll(recorded({ consistentRead: option }), call);
    expect(flags()).toEqual([sent, sent, sent, sent, sent]);
  });

  it("[BAT-20] an item of getItems may have its own", async () => {
    const driver = recorded();
    const strict = { consistentRead: true };
    const items = [
      { key: "a" },
      { key: "b", options: strict },
      { key: "c", options: { consistentRead: "true" } },
      { key: "d", options: null },
      { key: "a", options: {} },
      { key: "b" },
    ];
    expect((await driver.getItems(items)).map((item: any) => item.key).join("")).toBe("abcdab");
    const asked = (): unknown[] =>
      recorder.exchanges
        .map(({ request }) => request.RequestItems[table.name])
        .map(({ Keys, ConsistentRead }: any) => [
          Keys.map((key: any) => key.key.S).join(""),
          ConsistentRead ?? false,
        ])
        .sort();
    expect(asked()).toEqual([
      ["ad", false],
      ["bc", true],
    ]);
    recorder.reset();
    await driver.getItems(["a", { key: "b", options: { consistentRead: false } }, "c"], strict);
    expect(recorder.operations().sort()).toEqual(["BatchGetItem", "GetItem"]);
    const refused = [{ key: "a", options: { consistentRead: 1 } }];
    expect(await failureOf(driver.getItems(refused))).toMatchObject({
      code: "ERR_DYNAMODB_INVALID_ARGUMENT",
    });
  });

  it("[OPT-12] applies to the Scan of clear, and to no write", async () => {
    const driver = recorded({ consistentRead: true });
    await driver.setItem("k", "v");
    await driver.clear();
    expect(recorder.operations()).toEqual(["PutItem", "Scan", "DeleteItem"]);
    expect(flags()).toEqual([undefined, true, undefined]);
  });

  it.each([["yes"], ["1"], [1], [{}], [() => true]])(
    "[OPT-12] refuses %s",
    async (consistentRead) => {
      const { message } = await refusalOf(recorder, { consistentRead });
      expect(message).toContain("`consistentRead` must be true or false");
      for (const method of ["getItem", "hasItem", "getItemRaw", "getMeta", "getKeys"]) {
        const error = await failureOf(recorded()[method]("k", { consistentRead }));
        expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation: method });
        expect(error.message).toContain("`consistentRead`");
      }
      expect(recorder.exchanges).toEqual([]);
    },
  );
});

describe("maxAttempts", () => {
  it.each([
    [undefined, 4],
    [1, 1],
    ["2", 2],
    [6, 6],
  ])("[OPT-13] %j: a failing request is sent %i times", async (maxAttempts, times) => {
    recorder.spoil(() => serviceError("InternalServerError", "", 500));
    const error = await failureOf(recorded({ maxAttempts }).getItem("k"));
    expect(error.$metadata.attempts).toBe(times);
    expect(recorder.exchanges).toHaveLength(times);
  });

  it.each([0, 11, ...notNumbers].map((value) => [inspect(value), value]))(
    "[OPT-13] refuses %s",
    async (_, maxAttempts) => {
      const { message } = await refusalOf(recorder, { maxAttempts });
      expect(message).toContain("Option `maxAttempts` must be a whole number from 1 to 10");
    },
  );
});

describe("timeouts", () => {
  const names = ["connectTimeout", "attemptTimeout", "timeout"];
  it.each([86_400_001, ...notNumbers].map((value) => [inspect(value), value]))(
    "[OPT-14] refuse %s",
    async (_, value) => {
      for (const name of names) {
        const { message } = await refusalOf(recorder, { [name]: value });
        expect(message).toContain(`Option \`${name}\` must be a whole number of milliseconds`);
      }
    },
  );
});

describe("maxConnections", () => {
  it.each([
    [1, 1],
    ["3", 3],
    [undefined, 50],
  ])("[OPT-15] %j: at most %i requests are in flight", async (maxConnections, most) => {
    recorder.hold();
    const driver = recorded({ maxConnections });
    const calls = Promise.all(Array.from({ length: most * 4 }, (_, n) => driver.getItem(`k${n}`)));
    // They may arrive late on a busy machine, but no more than these.
    while (recorder.inFlight < most) await sleep(10);
    await sleep(200);
    recorder.release();
    await calls;
    expect(recorder.peak).toBe(most);
  });

  it.each([0, 1001, ...notNumbers].map((value) => [inspect(value), value]))(
    "[OPT-15] refuses %s",
    async (_, maxConnections) => {
      const { message } = await refusalOf(recorder, { maxConnections });
      expect(message).toContain("Option `maxConnections` must be a whole number from 1 to 1000");
    },
  );
});

describe("userAgent", () => {
  it("[OPT-17] is appended to the SDK's user agent once, even if a request is retried", async () => {
    recorder.spoil((_, nth) =>
      nth < 3 ? serviceError("InternalServerError", "", 500) : undefined,
    );
    await recorded({ userAgent: "shop/1.2 edge" }).getItem("k");
    await recorded().getItem("k");
    const agents = recorder.exchanges.map(({ userAgent }) => userAgent);
    expect(agents).toHaveLength(4);
    for (const agent of agents.slice(0, 3)) {
      expect(agent).toMatch(/^aws-sdk-rust\/.* shop\/1\.2 edge$/);
      expect(agent.match(/shop/g)).toHaveLength(1);
    }
    expect(agents[3]).not.toContain("shop");
    expect(agents[3]).toContain("unstorage-dynamodb");
  });

  it.each([
    [" "],
    ["shop\r\nx-evil: 1"],
    ["shop (linux)"],
    ["schöp"],
    ["x".repeat(257)],
    [5],
    [["shop", "1"]],
  ])("[OPT-17] refuses %j", async (userAgent) => {
    expect((await refusalOf(recorder, { userAgent })).message).toContain("`userAgent`");
  });
});

describe("a table's ARN", () => {
  const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/sessions";

  it("[OPT-19] is sent unchanged, and its region is used", async () => {
    recorder.spoil(() => ({ status: 200, body: { Item: { value: { S: "v" } } } }));
    expect(await recorded({ table: arn, region: undefined }).getItem("k")).toBe("v");
    expect(recorder.exchanges[0]).toMatchObject({
      region: "eu-central-1",
      request: { TableName: arn },
    });
  });

  it("[OPT-19] is shortened to the name in errors", async () => {
    recorder.spoil(() => serviceError("ResourceNotFoundException", "none"));
    const error = await failureOf(recorded({ table: arn, region: undefined }).getItem("k"));
    expect(error.table).toBe("sessions");
    expect(error.message).toContain('getItem on table "sessions" failed');
    expect(error.message).toContain(arn);
  });

  it("[OPT-19] rejects a different `region`", async () => {
    const { message } = await refusalOf(recorder, { table: arn, region: "us-east-1" });
    expect(message).toContain("`region` and `table`");
  });
});

describe("driver.options", () => {
  it("[API-5] exposes these options, and a proxy without its user information", () => {
    const options = {
      table: "some-table",
      consistentRead: true,
      maxAttempts: 2,
      connectTimeout: 1,
      attemptTimeout: 2,
      timeout: 0,
      maxConnections: 5,
      profile: "shop",
      userAgent: "shop/1",
    };
    expect(dynamoDbCacheDriver({ ...options, proxy: true }).options).toEqual({
      ...options,
      proxy: true,
    });
    const proxy = "http://CANARYuser:CANARYpass@proxy:3128";
    const shown = dynamoDbCacheDriver({ ...options, proxy }).options.proxy;
    expect(shown).toMatch(/proxy:3128$/);
    expect(shown).not.toContain("CANARY");
  });
});
