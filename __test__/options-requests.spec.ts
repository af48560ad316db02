// The options that affect or limit requests, verified by the requests.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { serviceError } from "./helpers/recorder";
import { credentials } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();
const broken = serviceError("InternalServerError", "", 500);

describe("consistentRead", () => {
  const flags = (): unknown[] => recorder.exchanges.map(({ request }) => request.ConsistentRead);

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
    const driver = recorded({ consistentRead: option });
    for (const method of ["getItem", "hasItem", "getKeys", "getMeta"]) {
      await driver[method]("k", call);
    }
    await driver.getItems(["k"], call);
    expect(flags()).toEqual(Array(5).fill(sent));
  });

  it("[BAT-20] an item of getItems may override it", async () => {
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
    const asked = recorder.exchanges.map(({ request }) => {
      const { Keys, ConsistentRead } = request.RequestItems[table.name];
      return `${Keys.map((key: any) => key.key.S).join("")} ${ConsistentRead ?? false}`;
    });
    expect(asked.sort()).toEqual(["ad false", "bc true"]);
    recorder.reset();
    await driver.getItems(["a", { key: "b", options: { consistentRead: false } }, "c"], strict);
    expect(recorder.operations().sort()).toEqual(["BatchGetItem", "GetItem"]);
    const { code } = await failureOf(
      driver.getItems([{ key: "a", options: { consistentRead: 1 } }]),
    );
    expect(code).toBe("ERR_DYNAMODB_INVALID_ARGUMENT");
  });

  it("[OPT-12] applies to the Scan of clear, but not to writes", async () => {
    const driver = recorded({ consistentRead: true });
    await driver.setItem("k", "v");
    await driver.clear();
    expect(recorder.operations()).toEqual(["PutItem", "Scan", "DeleteItem"]);
    expect(flags()).toEqual([undefined, true, undefined]);
  });

  it.each(["yes", "1", 1, {}, () => true])("[OPT-12] %s is rejected in a call", async (wrong) => {
    const driver = recorded();
    for (const operation of ["getItem", "hasItem", "getItemRaw", "getMeta", "getKeys"]) {
      const error = await failureOf(driver[operation]("k", { consistentRead: wrong }));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", operation });
      expect(error.message).toContain("`consistentRead`");
    }
    expect(recorder.exchanges).toEqual([]);
  });
});

it.each([
  [undefined, 4],
  [1, 1],
  ["2", 2],
  [6, 6],
])("[OPT-13] maxAttempts %j: a failing request is sent %i times", async (maxAttempts, times) => {
  recorder.spoil(() => broken);
  const error = await failureOf(recorded({ maxAttempts }).getItem("k"));
  expect(error.$metadata.attempts).toBe(times);
  expect(recorder.exchanges).toHaveLength(times);
});

it.each([
  [1, 1],
  ["3", 3],
  [undefined, 50],
])("[OPT-15] maxConnections %j: at most %i requests are in flight", async (option, most) => {
  recorder.hold();
  const driver = recorded({ maxConnections: option });
  const calls = Promise.all(Array.from({ length: most * 4 }, (_, n) => driver.getItem(`k${n}`)));
  // On a busy machine they may take long to arrive. No more of them may follow.
  while (recorder.inFlight < most) await sleep(10);
  await sleep(200);
  recorder.release();
  await calls;
  expect(recorder.peak).toBe(most);
});

it("[OPT-17] userAgent is appended once to the SDK's, also in retries", async () => {
  recorder.spoil((_, nth) => (nth < 3 ? broken : undefined));
  await recorded({ userAgent: "shop/1.2 edge" }).getItem("k");
  await recorded().getItem("k");
  const agents = recorder.exchanges.map(({ userAgent }) => userAgent);
  const added = expect.stringMatching(/^aws-sdk-rust\/(?!.*shop.*shop).* shop\/1\.2 edge$/);
  const plain = expect.stringMatching(/^(?!.*shop).*unstorage-dynamodb/);
  expect(agents).toEqual([added, added, added, plain]);
});

it("[OPT-19] a table's ARN is sent in full and determines the region; errors contain its short name", async () => {
  const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/sessions";
  recorder.spoil(() => serviceError("ResourceNotFoundException", "none"));
  const error = await failureOf(recorded({ table: arn, region: undefined }).getItem("k"));
  const request = { TableName: arn };
  expect(recorder.exchanges).toMatchObject([{ region: "eu-central-1", request }]);
  expect(error.table).toBe("sessions");
  expect(error.message).toContain('getItem on table "sessions" failed');
  expect(error.message).toContain(arn);
});

it("[OPT-7] requests contain the access key ID and the session token, if any", async () => {
  for (const sessionToken of ["a-token", null, undefined, ""]) {
    await recorded({ credentials: { ...credentials, sessionToken } }).getItem("k");
  }
  const tokens = recorder.exchanges.map(({ securityToken }) => securityToken);
  expect(tokens).toEqual(["a-token", undefined, undefined, undefined]);
  expect(recorder.exchanges[0]?.accessKeyId).toBe(credentials.accessKeyId);
});
