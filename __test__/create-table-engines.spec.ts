// createTable where the engine knows less than DynamoDB, and without any options.
import { DeleteTableCommand } from "@aws-sdk/client-dynamodb";
// @ts-expect-error it has no types
import dynalite from "dynalite";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { createTable } from "../index.mjs";
import { entry, runChild } from "./helpers/child";
import { expectShape, failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { engineOptions, region, uniqueName, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("[TAB-14] an engine without TTL", () => {
  it("says that the table can be used: dynalite, which knows no UpdateTimeToLive", async () => {
    const server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const driver = {
      ...engineOptions("some-table"),
      endpoint: `http://127.0.0.1:${server.address().port}`,
    };
    try {
      for (let round = 0; round < 2; round += 1) {
        const error = await failureOf(createTable(driver));
        expectShape(error, "createTable", "some-table");
        expect(error).toMatchObject({ name: "UnknownOperationException", retryable: false });
        expect(error.message).toContain("UpdateTimeToLive");
        expect(error.message).toContain("The table itself is there and can be used");
      }
      const used = dynamoDbCacheDriver(driver);
      await used.setItem("k", "v", { ttl: 60 });
      expect(await used.getItem("k")).toBe("v");
      await used.dispose();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("names DescribeTimeToLive where that is unknown", async () => {
    const given = { ...engineOptions(table.name), endpoint: recorder.endpoint };
    recorder.spoil(({ operation }) =>
      operation === "DescribeTimeToLive"
        ? serviceError("UnknownOperationException", "")
        : undefined,
    );
    const { message } = await failureOf(createTable(given));
    expect(message).toContain("DescribeTimeToLive");
    expect(message).toContain("can be used");
    await dynamoDbCacheDriver(given).setItem("k", "v");
  });
});

it("[TAB-1] options may be absent or null: the environment has them", async () => {
  const name = uniqueName();
  const { accessKeyId, secretAccessKey } = engineOptions("").credentials as any;
  const script = `
    const { createTable } = await import(${JSON.stringify(entry)});
    report(await createTable());
    report(await createTable(null));
    report(await createTable(undefined));
    const driver = dynamoDbCacheDriver(null);
    await driver.setItem("k", "v", null);
    report(await driver.getItem("k", null));
    report(await driver.getItems(["k"], null));
  `;
  const env = {
    UNSTORAGE_DYNAMODB_TABLE: name,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: recorder.endpoint,
  };
  const { reports } = await runChild(script, { env });
  expect(reports).toEqual([
    { created: true },
    { created: false },
    { created: false },
    "v",
    [{ key: "k", value: "v" }],
  ]);
  await table.client.send(new DeleteTableCommand({ TableName: name }));
});
