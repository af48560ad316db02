import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { literal, runChild } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";
import { type Driver, engineOptions, type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const past = 1_000_000_000;
const future = 4_000_000_000;

/** The results of the three methods that check the expiry. They must agree. */
async function seen(driver: Driver, key: string): Promise<boolean> {
  const [value, has, keys] = await Promise.all([
    driver.getItem(key),
    driver.hasItem(key),
    driver.getKeys(),
  ]);
  const answers = [value !== null, has, keys.includes(key)];
  expect(new Set(answers).size, `getItem, hasItem, getKeys of ${key}: ${answers}`).toBe(1);
  return has;
}

/** The remaining seconds that a write stored as its expiry, computed as the rule specifies. */
async function expectStored(
  key: string,
  ttl: number,
  write: () => Promise<unknown>,
): Promise<void> {
  const from = Date.now() / 1000;
  await write();
  // Date.now() omits fractions of a millisecond.
  const until = (Date.now() + 1) / 1000;
  const stored = (await table.getRow(key))?.ttl;
  expect(stored).toEqual({ N: expect.stringMatching(/^\d+$/) });
  expect(Number(stored?.N)).toBeGreaterThanOrEqual(Math.ceil(from + ttl));
  expect(Number(stored?.N)).toBeLessThanOrEqual(Math.ceil(until + ttl));
}

describe("writing", () => {
  it("[TTL-1] the call's ttl overrides the driver's", async () => {
    const driver = table.driver({ expireIn: 5000 });
    await expectStored("over", 90, () => driver.setItem("over", "v", { ttl: 90 }));
  });

  it.each([[undefined], [null]])("[TTL-1] %s means the driver's default", async (ttl) => {
    const driver: any = table.driver({ ttl: 5000 });
    await expectStored("default", 5000, () => driver.setItem("default", "v", { ttl }));
    await expectStored("default", 5000, () => driver.setItem("default", "v", {}));
    await expectStored("default", 5000, () => driver.setItem("default", "v"));
  });

  it.each([[0], ["0"], [-0]])("[TTL-2] %j stores no expiry, whatever the default", async (ttl) => {
    await table.driver({ expireIn: 60 }).setItem("zero", "v", { ttl: ttl as number });
    expect(await table.getRow("zero")).toEqual({ key: { S: "zero" }, value: { S: "v" } });
  });

  it.each([[false], ["false"]])("[TTL-12] %j is 0: no expiry", async (ttl) => {
    const driver: any = table.driver({ expireIn: 60 });
    for (const write of [
      () => driver.setItem("never", "v", { ttl }),
      () => driver.setItemRaw("never", "v", { ttl }),
      () => driver.setItems([{ key: "never", value: "v", options: { ttl } }]),
      () => driver.setItems([{ key: "never", value: "v" }], { ttl }),
      () => table.driver({ ttl }).setItem("never", "v"),
      () => table.driver({ expireIn: ttl }).setItem("never", "v"),
    ]) {
      await table.putRow("never", { value: { S: "old" }, ttl: { N: String(future) } });
      await write();
      expect(await table.getRow("never")).toEqual({ key: { S: "never" }, value: { S: "v" } });
    }
  });

  it("[TTL-1] an empty string means the default, like null", async () => {
    const driver: any = table.driver({ expireIn: 5000 });
    await expectStored("default", 5000, () => driver.setItem("default", "v", { ttl: "" }));
  });

  it.each([["90"], ["90.5"], ["1e3"]])("[TTL-3] the text %j is a number", async (ttl) => {
    const driver: any = table.driver();
    await expectStored("text", Number(ttl), () => driver.setItem("text", "v", { ttl }));
  });

  const numbers = [-1, -0.001, Number.NaN, Infinity, -Infinity, 2 ** 53, 1e308];
  const texts = ["-1", "NaN", "Infinity", "9007199254740992", "soon", "1h"];
  const types = [true, {}, [], [60], () => 60, Symbol("60")];
  it.each([...numbers, ...texts, ...types].map((value) => [inspect(value), value]))(
    "[TTL-4] refuses %s",
    async (_, ttl) => {
      await table.putRow("kept", { value: { S: "old" }, ttl: { N: String(future) } });
      const driver: any = table.driver({ endpoint: recorder.endpoint });
      await expect(driver.setItem("kept", "new", { ttl })).rejects.toMatchObject({
        name: "DynamoDbError",
        code: "ERR_DYNAMODB_INVALID_ARGUMENT",
        operation: "setItem",
        message: expect.stringContaining("`ttl`"),
      });
      expect(recorder.exchanges).toEqual([]);
      expect((await table.getRow("kept"))?.value).toEqual({ S: "old" });
    },
  );

  it("[TTL-4] 2^53 - 1 is the maximum, and does not expire", async () => {
    const driver = table.driver();
    await driver.setItem("largest", "v", { ttl: Number.MAX_SAFE_INTEGER });
    expect(Number((await table.getRow("largest"))?.ttl?.N)).toBeGreaterThan(2 ** 53 - 2);
    expect(await seen(driver, "largest")).toBe(true);
  });

  it.each([[0.001], [0.5], [1], [59.999], [900], [31_536_000]])(
    "[TTL-5] ttl %d is stored as the second ceil(now + ttl)",
    async (ttl) => {
      const driver = table.driver();
      await expectStored("ceil", ttl, () => driver.setItem("ceil", "v", { ttl }));
    },
  );

  it("[TTL-9] a write does not keep an earlier expiry", async () => {
    const plain = table.driver();
    const withDefault = table.driver({ expireIn: 5000 });
    await plain.setItem("again", "v", { ttl: 60 });
    await plain.setItem("again", "w");
    expect(await table.getRow("again")).toEqual({ key: { S: "again" }, value: { S: "w" } });
    await expectStored("again", 5000, () => withDefault.setItem("again", "x"));
    await withDefault.setItem("again", "y", { ttl: 0 });
    expect(await table.getRow("again")).toEqual({ key: { S: "again" }, value: { S: "y" } });
  });
});

describe("reading", () => {
  it.each([
    [String(past), false],
    [String(future), true],
    ["0", false],
    ["1", false],
    ["-1", false],
    [`${past}.5`, false],
    [`${future}.5`, true],
    ["1e38", true],
    ["-1e38", false],
    ["99999999999999999999999999999999999999", true],
    ["0.0000000001", false],
  ])("[TTL-6] expiry %s: alive is %s in getItem, hasItem and getKeys", async (expiry, alive) => {
    await table.putRow("read", { value: { S: "v" }, ttl: { N: expiry } });
    expect(await seen(table.driver(), "read")).toBe(alive);
  });

  it("[TTL-6] does not expire before the end of the stored second", async () => {
    const driver = table.driver();
    // A read that began and ended within that second is the proof. A slow machine tries again.
    const second = (): number => Math.floor(Date.now() / 1000);
    let proved = false;
    for (let attempt = 0; attempt < 10 && !proved; attempt += 1) {
      await sleep(1000 - (Date.now() % 1000));
      const now = second();
      await table.putRow("edge", { value: { S: "v" }, ttl: { N: String(now) } });
      const alive = await seen(driver, "edge").catch(() => undefined);
      if (second() !== now) continue;
      expect(alive).toBe(true);
      proved = true;
    }
    expect(proved).toBe(true);
    await sleep(1000 - (Date.now() % 1000) + 5);
    expect(await seen(driver, "edge")).toBe(false);
  }, 30_000);

  it("[TTL-6] an item written with a ttl is not returned after it has passed", async () => {
    const driver = table.driver();
    await driver.setItem("short", "v", { ttl: 1 });
    expect(await seen(driver, "short")).toBe(true);
    // ceil(now + 1) is at most 2 s away, and the item lives until the end of that second.
    await sleep(3050);
    expect(await seen(driver, "short")).toBe(false);
    expect(await table.getRow("short")).toBeDefined();
  }, 20_000);

  it.each([[undefined], [60]])("[TTL-7] checked with expireIn %s", async (expireIn) => {
    await table.putRow("checked", { value: { S: "v" }, ttl: { N: String(past) } });
    expect(await seen(table.driver({ expireIn }), "checked")).toBe(false);
  });

  it.each<[string, Row[string]]>([
    ["S", { S: String(past) }],
    ["an empty S", { S: "" }],
    ["B", { B: Buffer.from("1") }],
    ["BOOL", { BOOL: false }],
    ["NULL", { NULL: true }],
    ["L", { L: [{ N: "1" }] }],
    ["M", { M: { N: { N: "1" } } }],
    ["NS", { NS: ["1"] }],
    ["SS", { SS: ["1"] }],
  ])("[TTL-7] a TTL attribute of type %s expires nothing", async (_, ttl) => {
    await table.putRow("typed", { value: { S: "v" }, ttl });
    expect(await seen(table.driver(), "typed")).toBe(true);
    expect(await seen(table.driver({ expireIn: 60 }), "typed")).toBe(true);
  });

  it("[TTL-7] only the configured attribute counts", async () => {
    const driver = table.driver({ attributes: { ttl: "expires" } });
    const dead = { N: String(past) };
    const alive = { N: String(future) };
    await table.putRow("renamed:alive", { value: { S: "v" }, ttl: dead, expires: alive });
    await table.putRow("renamed:dead", { value: { S: "v" }, ttl: alive, expires: dead });
    await table.putRow("renamed:none", { value: { S: "v" }, ttl: dead });
    expect(await seen(driver, "renamed:alive")).toBe(true);
    expect(await seen(driver, "renamed:dead")).toBe(false);
    expect(await seen(driver, "renamed:none")).toBe(true);
  });

  it.each([[undefined], [60]])(
    "[TTL-8] without the attribute nothing expires (expireIn %s)",
    async (ttl) => {
      await table.putRow("bare", { value: { S: "v" } });
      expect(await seen(table.driver({ expireIn: ttl }), "bare")).toBe(true);
    },
  );
});

describe("the clock", () => {
  it("[TTL-10] a fake Date has no effect", async () => {
    const driver: any = table.driver({ now: () => future * 2, clock: future * 2 });
    const real = Math.floor(Date.now() / 1000);
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2099-01-01T00:00:00Z") });
    try {
      await driver.setItem("clock", "v", { ttl: 600, now: 0 });
      expect(await driver.getItem("clock")).toBe("v");
    } finally {
      vi.useRealTimers();
    }
    const stored = Number((await table.getRow("clock"))?.ttl?.N);
    expect(Math.abs(stored - real - 600)).toBeLessThan(60);
  });

  it("[TTL-10] no environment variable has an effect", async () => {
    const names = ["NOW", "CLOCK", "TIME", "EPOCH", "FAKE_TIME", "TEST_TIME"];
    const prefixes = [
      "",
      "DYNAMODB_",
      "UNSTORAGE_",
      "UNSTORAGE_DYNAMODB_",
      "UNSTORAGE_DYNAMODB_TEST_",
    ];
    const all = prefixes.flatMap((prefix) => names.map((name) => [prefix + name, String(past)]));
    const env = { ...Object.fromEntries(all), SOURCE_DATE_EPOCH: String(past) };
    const script = `
      const driver = dynamoDbCacheDriver(${literal(engineOptions(table.name))});
      await driver.setItem("env", "v", { ttl: 600 });
    `;
    const real = Math.floor(Date.now() / 1000);
    const { code } = await runChild(script, { env });
    expect(code).toBe(0);
    expect(Math.abs(Number((await table.getRow("env"))?.ttl?.N) - real - 600)).toBeLessThan(60);
  });
});
