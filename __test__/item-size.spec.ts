// DynamoDB counts names and values in UTF-8 and accepts at most 400 KB:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const limit = 409_600;

/** Returns text that makes an item under `key`, without an expiry, exactly `bytes` bytes large. */
function filling(key: string, bytes: number, names = "keyvalue"): string {
  return "x".repeat(bytes - Buffer.byteLength(names) - Buffer.byteLength(key));
}

describe("the largest item", () => {
  it.each([
    ["a short key", "k"],
    ["a key of 2,048 bytes", "k".repeat(2048)],
    ["a key of three-byte characters", "€".repeat(600)],
  ])(
    "[SET-2] exactly at the limit is stored (%s)",
    async (_, key) => {
      const driver = table.driver();
      const text = filling(key, limit);
      await driver.setItem(key, text);
      expect((await driver.getItem(key)) === text).toBe(true);
    },
    20_000,
  );

  it("[SET-2] one more byte is rejected with key, size and limit, and the old value is kept", async () => {
    await table.putRow("too large", { value: { S: "old" } });
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(driver.setItem("too large", filling("too large", limit + 1)));
    expect(error).toMatchObject({
      name: "DynamoDbError",
      code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
      operation: "setItem",
      table: table.name,
      key: "too large",
      retryable: false,
    });
    expect(error.message).toContain("too large");
    expect(error.message).toMatch(/409,?601/);
    expect(error.message).toMatch(/409,?600/);
    expect(error.message.length).toBeLessThan(1000);
    expect(recorder.exchanges).toEqual([]);
    expect(await driver.getItem("too large")).toBe("old");
  });

  it("[SET-2] bytes count, not characters", async () => {
    const driver = table.driver();
    const room = filling("utf8", limit).length;
    const text = "€".repeat(Math.floor(room / 3)) + "x".repeat(room % 3);
    await driver.setItem("utf8", text);
    expect((await driver.getItem("utf8")) === text).toBe(true);
    // Rejected by the driver. The engine would return the same error.
    const watched = table.driver({ endpoint: recorder.endpoint });
    await expect(watched.setItem("utf8", `${text}x`)).rejects.toMatchObject({
      code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
    });
    expect(recorder.exchanges).toEqual([]);
    expect((await driver.getItem("utf8")) === text).toBe(true);
  }, 20_000);

  it("[SET-2] the expiry counts: its name, and 6 bytes for ten digits", async () => {
    const driver = table.driver();
    const fits = filling("expiry", limit - "ttl".length - 6);
    await driver.setItem("expiry", fits, { ttl: 3600 });
    expect((await driver.getItem("expiry")) === fits).toBe(true);
    // Without an expiry, this value would fit.
    const full = filling("expiry", limit);
    await expect(driver.setItem("expiry", full, { ttl: 3600 })).rejects.toMatchObject({
      code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
    });
    expect((await driver.getItem("expiry")) === fits).toBe(true);
    await driver.setItem("expiry", full, { ttl: 0 });
    expect((await driver.getItem("expiry")) === full).toBe(true);
  }, 20_000);

  it("[SET-2] names count with their configured length", async () => {
    const driver = table.driver({ attributes: { value: "a-longer-name" } });
    const names = "keya-longer-name";
    await driver.setItem("names", filling("names", limit, names));
    await expect(driver.setItem("names", filling("names", limit + 1, names))).rejects.toMatchObject(
      {
        code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
      },
    );
  }, 20_000);

  it("[SET-2] a value that escapes to six times its size in JSON is stored", async () => {
    const driver = table.driver();
    const text = filling("escapes", limit).replaceAll("x", "\u0001");
    await driver.setItem("escapes", text);
    expect((await driver.getItem("escapes")) === text).toBe(true);
  }, 20_000);

  it("[SET-2] a value far beyond the limit is rejected at once", async () => {
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.setItem("huge", "x".repeat(50_000_000))).rejects.toMatchObject({
      code: "ERR_DYNAMODB_ITEM_TOO_LARGE",
      message: expect.stringMatching(/50,?000,?012/),
    });
    expect(recorder.exchanges).toEqual([]);
  }, 20_000);
});
