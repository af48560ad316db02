// DynamoDB counts names and values in UTF-8 and accepts at most 400 KB:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
import { expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";

const { table, recorder, recorded } = useRecordedTable();
const limit = 409_600;

/** Returns text with which an item under `key`, without an expiry, takes `bytes` bytes. */
function filling(key: string, bytes = limit, names = "keyvalue"): string {
  return "x".repeat(bytes - Buffer.byteLength(names) - Buffer.byteLength(key));
}

const room = filling("utf8").length;
const wide = "€".repeat(Math.floor(room / 3)) + "x".repeat(room % 3);
const renamed = { attributes: { value: "a-longer-name" } };
// An expiry takes the size of its name and 6 bytes for ten digits.
const expiring = filling("ttl", limit - "ttl".length - 6);

it.each<[what: string, key: string, text: string, ttl?: number, options?: object]>([
  ["a short key", "k", filling("k")],
  ["a key of 2,048 bytes", "k".repeat(2048), filling("k".repeat(2048))],
  ["a key of three-byte characters", "€".repeat(600), filling("€".repeat(600))],
  ["bytes count, not characters", "utf8", wide],
  ["the expiry counts", "ttl", expiring, 3600],
  ["names count as configured", "n", filling("n", limit, "keya-longer-name"), 0, renamed],
])("[SET-2] %s: stored up to the limit, rejected beyond it", async (_, key, text, ttl, options) => {
  const driver = recorded(options);
  await driver.setItem(key, text, { ttl });
  recorder.reset();
  // The driver rejects the item before it is sent. The size of an expiry is checked only by the engine.
  const { code } = await failureOf(driver.setItem(key, `${text}x`, { ttl }));
  expect(code).toBe("ERR_DYNAMODB_ITEM_TOO_LARGE");
  expect(recorder.exchanges).toHaveLength(ttl ? 1 : 0);
  expect((await driver.getItem(key)) === text).toBe(true);
});

it("[SET-2] the error contains key, size and limit, and the old value is kept", async () => {
  const key = "too large";
  await table.putRow(key, { value: { S: "old" } });
  const error = await failureOf(recorded().setItem(key, filling(key, limit + 1)));
  const code = "ERR_DYNAMODB_ITEM_TOO_LARGE";
  const where = { operation: "setItem", table: table.name, key };
  expect(error).toMatchObject({ name: "DynamoDbError", code, ...where, retryable: false });
  for (const part of [key, /409,?601/, /409,?600/]) expect(error.message).toMatch(part);
  expect(error.message.length).toBeLessThan(1000);
  const { message } = await failureOf(recorded().setItem("huge", "x".repeat(50_000_000)));
  expect(message).toMatch(/50,?000,?012/);
  expect(recorder.exchanges).toEqual([]);
  expect(await table.driver().getItem(key)).toBe("old");
});

it("[SET-2] text that takes six times its size when escaped is stored", async () => {
  const text = filling("escapes").replaceAll("x", "\u0001");
  await table.driver().setItem("escapes", text);
  expect((await table.driver().getItem("escapes")) === text).toBe(true);
});
