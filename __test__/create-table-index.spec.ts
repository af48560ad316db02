// createTable with the option `index`, and the command that adds a key index to an existing table.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  type TableDescription,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { createTable } from "../index.mjs";
import { expectShape, failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, rawClient, uniqueName } from "./helpers/table";

const client = rawClient();
const recorder = useRecorder();
const names: string[] = [];

afterEach(async () => {
  const drop = (TableName: string) => client.send(new DeleteTableCommand({ TableName }));
  await Promise.allSettled(names.splice(0).map(drop));
});
afterAll(() => client.destroy());

function options(more: Record<string, unknown> = {}): any {
  const name = uniqueName();
  names.push(name);
  return { ...engineOptions(name), endpoint: recorder.endpoint, index: "keys", ...more };
}

async function described(TableName: string): Promise<TableDescription> {
  return (await client.send(new DescribeTableCommand({ TableName }))).Table!;
}

async function foreign(TableName: string, more: Partial<CreateTableCommandInput> = {}) {
  const input: CreateTableCommandInput = {
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
    ...more,
    TableName,
  };
  await client.send(new CreateTableCommand(input));
}

/** Returns the request that `aws dynamodb update-table …` sends. */
function updateOf(command: string) {
  const argument = (name: string): string =>
    new RegExp(String.raw`--${name} ('([^']*)'|\S+)`).exec(command)!.slice(1).findLast(Boolean)!;
  return {
    TableName: argument("table-name"),
    AttributeDefinitions: JSON.parse(argument("attribute-definitions")),
    GlobalSecondaryIndexUpdates: JSON.parse(argument("global-secondary-index-updates")),
  };
}

/** Runs the command, and waits until the engine has built the index. */
async function run(command: string): Promise<void> {
  const update = updateOf(command);
  await client.send(new UpdateTableCommand(update));
  const building = async (): Promise<boolean> => {
    const { GlobalSecondaryIndexes = [] } = await described(update.TableName);
    return GlobalSecondaryIndexes.some(({ IndexStatus }) => IndexStatus !== "ACTIVE");
  };
  while (await building()) await sleep(100);
}

describe("[IDX-7] without a table", () => {
  it("creates one with the index, which a driver can use", async () => {
    const given = options({ attributes: { key: "pk", ttl: "expires" } });
    expect(await createTable(given)).toEqual({ created: true, indexReady: true });
    const [index, ...others] = (await described(given.table)).GlobalSecondaryIndexes ?? [];
    expect(others).toEqual([]);
    expect(index).toMatchObject({
      IndexName: "keys",
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["expires"] },
    });
    expect(await createTable(given)).toEqual({ created: false, indexReady: true });
    expect(recorder.of("CreateTable")).toHaveLength(1);

    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("a", "1");
    expect(await driver.getKeys()).toEqual(["a"]);
    expect(recorder.of("Scan").map(({ request }) => request.IndexName)).toEqual(["keys", "keys"]);
    await driver.dispose();
  });

  it("without the option, there is no index and none in the result", async () => {
    const given = options({ index: undefined });
    const result = await createTable(given);
    expect(Object.keys(result)).toEqual(["created"]);
    expect((await described(given.table)).GlobalSecondaryIndexes ?? []).toEqual([]);
  });
});

it.each([[true], [false]])(
  "[IDX-7] reports an index that is being built (Backfilling: %s) without waiting for it",
  async (Backfilling) => {
    const given = options();
    await createTable(given);
    const found = await described(given.table);
    const building = found.GlobalSecondaryIndexes!.map((index) => ({
      ...index,
      IndexStatus: "CREATING",
      Backfilling,
    }));
    const Table = { ...found, GlobalSecondaryIndexes: building, CreationDateTime: 0 };
    recorder.spoil(({ operation }) =>
      operation === "DescribeTable" ? { status: 200, body: { Table } } : undefined,
    );
    expect(await createTable(given)).toEqual({ created: false, indexReady: false });
  },
);

describe("[IDX-8] an existing table", () => {
  const key = (AttributeName: string) => [{ AttributeName, KeyType: "HASH" as const }];
  const withTtl = { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["ttl"] };

  it("without the index: the error contains the command that adds it", async () => {
    const given = options();
    await foreign(given.table);
    const before = dynamoDbCacheDriver({ ...given, index: undefined });
    await before.setItem("early", "1");
    await before.dispose();
    const error = await failureOf(createTable(given));
    expectShape(error, "createTable", given.table);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_SCHEMA_MISMATCH", retryable: false });
    expect(error.message).toContain('no index "keys" (option `index`)');
    expect(recorder.operations().slice(-1)).toEqual(["DescribeTable"]);

    await run(/aws dynamodb update-table .*/.exec(error.message)![0]);
    expect(await createTable(given)).toEqual({ created: false, indexReady: true });
    recorder.reset();
    const driver = dynamoDbCacheDriver(given);
    await driver.setItem("late", "2");
    expect((await driver.getKeys()).sort()).toEqual(["early", "late"]);
    expect(recorder.of("Scan").map(({ request }) => request.IndexName)).toEqual(["keys", "keys"]);
    await driver.dispose();
  }, 60_000);

  it("the command in the guide adds the same index", async () => {
    const guide = readFileSync(new URL("../docs/guide/permissions.md", import.meta.url), "utf8");
    const [command = ""] = /aws dynamodb update-table (.*\\\n)*.*/.exec(guide) ?? [];
    const given = options();
    await foreign(given.table);
    const { message } = await failureOf(createTable(given));
    const told = updateOf(message);
    expect(updateOf(command.replaceAll("\\\n", ""))).toEqual({ ...told, TableName: "cache" });
  });

  it.each([
    ["another key", key("other"), withTtl, [/"other"/, /"key"/, /`attributes\.key`/]],
    [
      "a sort key",
      [...key("key"), { AttributeName: "other", KeyType: "RANGE" as const }],
      withTtl,
      [/"key", "other"/],
    ],
    [
      "no expiry",
      key("key"),
      { ProjectionType: "KEYS_ONLY" as const },
      [/does not project/, /"ttl"/, /`attributes\.ttl`/],
    ],
  ])(
    "whose index has %s: the error names the difference and nothing is changed",
    async (_, KeySchema, Projection, words) => {
      const given = options();
      await foreign(given.table, {
        AttributeDefinitions: [
          ...new Set(["key", ...KeySchema.map((one) => one.AttributeName)]),
        ].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
        GlobalSecondaryIndexes: [{ IndexName: "keys", KeySchema, Projection }],
      });
      const error = await failureOf(createTable(given));
      expectShape(error, "createTable", given.table);
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_SCHEMA_MISMATCH", retryable: false });
      for (const word of [/its index "keys" \(option `index`\)/, ...words]) {
        expect(error.message).toMatch(word);
      }
      expect(recorder.operations()).toEqual(["DescribeTable"]);
    },
  );
});
