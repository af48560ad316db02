import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { engineOptions, type Row } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();
const past = 1_000_000_000;
const future = 4_000_000_000;
const old = { value: { S: "old" }, ttl: { N: String(future) } };
const second = (): number => Math.floor(Date.now() / 1000);

/** Whether the three methods that check the expiry find a key. They must agree. */
async function seen(key: string, options: Record<string, unknown> = {}): Promise<boolean> {
  const driver = table.driver(options);
  const answers = await Promise.all([
    driver.getItem(key).then((value) => value !== null),
    driver.hasItem(key),
    driver.getKeys().then((keys) => keys.includes(key)),
  ]);
  expect(new Set(answers).size, `getItem, hasItem, getKeys of ${key}: ${answers}`).toBe(1);
  return answers[1];
}

/** Checks that a write stores the time in `ttl` seconds as its expiry, or none if `ttl` is 0. */
async function expectStored(ttl: number, write: (key: string) => Promise<unknown>): Promise<void> {
  await table.putRow("stored", old);
  const from = Date.now() / 1000;
  await write("stored");
  // Date.now() truncates to milliseconds.
  const until = (Date.now() + 1) / 1000;
  const stored = (await table.getRow("stored"))?.ttl;
  if (ttl === 0) return expect(stored).toBeUndefined();
  expect(stored).toEqual({ N: expect.stringMatching(/^\d+$/) });
  expect(Number(stored?.N)).toBeGreaterThanOrEqual(Math.ceil(from + ttl));
  expect(Number(stored?.N)).toBeLessThanOrEqual(Math.ceil(until + ttl));
}

describe("writing", () => {
  it.each<[rule: string, ttl: unknown, stored: number, options?: Record<string, unknown>]>([
    ["[TTL-1]", 90, 90, { expireIn: 5000 }],
    ["[TTL-1]", undefined, 5000, { ttl: 5000 }],
    ["[TTL-1]", null, 5000, { ttl: 5000 }],
    ["[TTL-1]", "", 5000, { expireIn: 5000 }],
    ["[TTL-2]", 0, 0, { expireIn: 60 }],
    ["[TTL-2]", "0", 0, { expireIn: 60 }],
    ["[TTL-2]", -0, 0, { expireIn: 60 }],
    ["[TTL-3]", "90", 90],
    ["[TTL-3]", "90.5", 90.5],
    ["[TTL-3]", "1e3", 1000],
    ...[0.001, 0.5, 1, 59.999, 900, 31_536_000].map((ttl): [string, number, number] => [
      "[TTL-5]",
      ttl,
      ttl,
    ]),
    ["[OPT-3]", undefined, 90, { expireIn: 90 }],
    ["[OPT-3]", undefined, 90, { expireIn: "90" }],
    ["[OPT-3]", undefined, 89.5, { expireIn: "89.5" }],
    ["[OPT-3]", undefined, 90, { ttl: "90" }],
    ["[OPT-3]", undefined, 89.5, { ttl: 89.5 }],
    ["[OPT-3]", undefined, 0, { expireIn: 0 }],
    ["[OPT-3]", undefined, 0, { expireIn: "0" }],
    ["[OPT-3]", undefined, 0, { expireIn: undefined, ttl: null }],
    ["[OPT-4]", undefined, 0, { expireIn: 0, ttl: "0" }],
    ["[OPT-4]", undefined, 60, { expireIn: 60, ttl: 60 }],
    ["[OPT-4]", undefined, 60, { expireIn: 60, ttl: "60" }],
    ["[OPT-4]", undefined, 60, { expireIn: "60.0", ttl: 60 }],
    ["[OPT-4]", undefined, 60, { expireIn: 60, ttl: null }],
    ["[TTL-9]", undefined, 0],
    ["[TTL-12]", false, 0, { expireIn: 60 }],
    ["[TTL-12]", "false", 0, { expireIn: 60 }],
  ])(
    "%s ttl %j is stored as ceil(now + %d), with options %j",
    async (_, ttl, stored, options = {}) => {
      const driver: any = table.driver(options);
      await expectStored(stored, (key) => driver.setItem(key, "v", { ttl }));
      await expectStored(stored, (key) => driver.setItemRaw(key, "v", { ttl }));
      await expectStored(stored, (key) => driver.setItems([{ key, value: "v", options: { ttl } }]));
      await expectStored(stored, (key) => driver.setItems([{ key, value: "v" }], { ttl }));
    },
  );

  it("[TTL-1] [TTL-12] calls without a ttl use the driver's", async () => {
    for (const [options, stored] of [
      [{ expireIn: 5000 }, 5000],
      [{ ttl: false }, 0],
      [{ expireIn: "false" }, 0],
    ] as const) {
      const driver: any = table.driver(options);
      await expectStored(stored, (key) => driver.setItem(key, "v", {}));
      await expectStored(stored, (key) => driver.setItem(key, "v"));
    }
  });

  const numbers = [-1, -0.001, Number.NaN, Infinity, -Infinity, 2 ** 53, 1e308];
  const texts = ["-1", "NaN", "Infinity", "9007199254740992", "soon", "1h"];
  const types = [true, {}, [], [60], () => 60, Symbol("60")];
  it("[TTL-4] anything else is rejected, and the old item is kept", async () => {
    await table.putRow("kept", old);
    for (const ttl of [...numbers, ...texts, ...types]) {
      const error = await failureOf(recorded().setItem("kept", "new", { ttl }));
      const shape = { name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_ARGUMENT" };
      expect(error, inspect(ttl)).toMatchObject({ ...shape, operation: "setItem" });
      expect(error.message).toContain("`ttl`");
    }
    expect(recorder.exchanges).toEqual([]);
    expect(await table.getRow("kept")).toMatchObject(old);
  });

  it("[TTL-4] 2^53 - 1 is the maximum, and has not expired", async () => {
    await table.driver().setItem("largest", "v", { ttl: Number.MAX_SAFE_INTEGER });
    expect(Number((await table.getRow("largest"))?.ttl?.N)).toBeGreaterThan(2 ** 53 - 2);
    expect(await seen("largest")).toBe(true);
  });
});

describe("reading", () => {
  const passed = [past, `${past}.5`, 0, 1, -1, "-1e38", "0.0000000001"];
  const toCome = [future, `${future}.5`, "1e38", "9".repeat(38)];
  const noNumber = [{ S: String(past) }, { S: "" }, { B: Buffer.from("1") }, { BOOL: false }];
  const nested = [{ L: [{ N: "1" }] }, { M: { N: { N: "1" } } }, { NS: ["1"] }, { SS: ["1"] }];

  it.each<[rule: string, rows: Row[], isAlive: boolean]>([
    ["[TTL-6] an expiry in the past", passed.map((N) => ({ ttl: { N: `${N}` } })), false],
    ["[TTL-6] an expiry in the future", toCome.map((N) => ({ ttl: { N: `${N}` } })), true],
    [
      "[TTL-7] a TTL attribute that is not a number",
      [...noNumber, { NULL: true }, ...nested].map((ttl) => ({ ttl }) as Row),
      true,
    ],
    ["[TTL-8] no TTL attribute", [{}], true],
  ])("%s: all methods agree, whatever expireIn is", async (_, rows, isAlive) => {
    for (const row of rows) {
      await table.putRow("read", { value: { S: "v" }, ...row });
      for (const expireIn of [undefined, 60]) {
        expect(await seen("read", { expireIn }), inspect(row)).toBe(isAlive);
      }
    }
  });

  it("[TTL-6] an item expires at the end of the stored second", async () => {
    // Only a read that began and ended within that second counts. A slow machine tries again.
    let proved = false;
    for (let attempt = 0; attempt < 10 && !proved; attempt += 1) {
      await sleep(1000 - (Date.now() % 1000));
      const now = second();
      await table.putRow("edge", { value: { S: "v" }, ttl: { N: String(now) } });
      const alive = await seen("edge").catch(() => undefined);
      if (second() !== now) continue;
      expect(alive).toBe(true);
      proved = true;
    }
    expect(proved).toBe(true);
    await sleep(1000 - (Date.now() % 1000) + 5);
    expect(await seen("edge")).toBe(false);
  }, 30_000);

  it("[TTL-6] an item written with a ttl is not found after it has expired", async () => {
    await table.driver().setItem("short", "v", { ttl: 1 });
    expect(await seen("short")).toBe(true);
    // ceil(now + 1) is less than 2 s away, and the item expires at the end of that second.
    await sleep(3050);
    expect(await seen("short")).toBe(false);
    expect(await table.getRow("short")).toBeDefined();
  }, 20_000);

  it("[TTL-7] only the configured attribute counts", async () => {
    const options = { attributes: { ttl: "expires" } };
    const [dead, alive] = [{ N: String(past) }, { N: String(future) }];
    for (const [row, expected] of [
      [{ ttl: dead, expires: alive }, true],
      [{ ttl: alive, expires: dead }, false],
      [{ ttl: dead }, true],
    ] as [Row, boolean][]) {
      await table.putRow("renamed", { value: { S: "v" }, ...row });
      expect(await seen("renamed", options)).toBe(expected);
    }
  });
});

describe("the clock", () => {
  async function expectRealTime(key: string, from: number): Promise<void> {
    const stored = Number((await table.getRow(key))?.ttl?.N);
    expect(Math.abs(stored - from - 600)).toBeLessThan(60);
  }

  it("[TTL-10] replacing Date has no effect", async () => {
    const driver: any = table.driver({ now: () => future * 2, clock: future * 2 });
    const real = second();
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2099-01-01T00:00:00Z") });
    try {
      await driver.setItem("clock", "v", { ttl: 600, now: 0 });
      expect(await driver.getItem("clock")).toBe("v");
    } finally {
      vi.useRealTimers();
    }
    await expectRealTime("clock", real);
  });

  it("[TTL-10] no environment variable has an effect", async () => {
    const names = ["NOW", "CLOCK", "TIME", "EPOCH", "FAKE_TIME", "TEST_TIME"];
    const ours = ["UNSTORAGE_", "UNSTORAGE_DYNAMODB_", "UNSTORAGE_DYNAMODB_TEST_"];
    const all = ["", "DYNAMODB_", ...ours].flatMap((prefix) => names.map((name) => prefix + name));
    const variables = [...all, "SOURCE_DATE_EPOCH"].map((name) => [name, String(past)]);
    const script = `
      const driver = dynamoDbCacheDriver(${literal(engineOptions(table.name))});
      await driver.setItem("env", "v", { ttl: 600 });
    `;
    const real = second();
    expect((await runChild(script, { env: Object.fromEntries(variables) })).code).toBe(0);
    await expectRealTime("env", real);
  });
});
