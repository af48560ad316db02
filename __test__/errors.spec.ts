// What a person sees when something fails: one error of each origin, and what it says.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { DynamoDbError } from "../index.mjs";
import { runChild } from "./helpers/child";
import { expectShape, failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { accessDenied, serviceError, useRecorder } from "./helpers/recorder";
import { credentials, engineOptions, region, uniqueName, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

/** An endpoint without a listener: a port that was free a moment ago. */
async function deadEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe.each(methods)("%s", (operation, action, call) => {
  it("[ERR-1] [ERR-4] [ERR-7] a missing table: table and region are named", async () => {
    const name = uniqueName();
    const error = await failureOf(call(table.driver({ table: name })));
    expectShape(error, operation, name);
    expect(error).toMatchObject({
      name: "ResourceNotFoundException",
      code: "ERR_DYNAMODB_TABLE_NOT_FOUND",
      retryable: false,
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
    expect(error.$metadata.requestId).toMatch(/\S/);
    expect(error.message).toContain(region);
  });

  it("[ERR-1] [ERR-2] [ERR-11] a denied permission is named", async () => {
    recorder.spoil((exchange) => accessDenied(exchange.operation));
    const error = await failureOf(call(table.driver({ endpoint: recorder.endpoint })));
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({
      name: "AccessDeniedException",
      code: "ERR_DYNAMODB_ACCESS_DENIED",
      retryable: false,
      $metadata: { httpStatusCode: 400, requestId: "SPOILED", attempts: 1 },
    });
    expect(error.message).toContain(`dynamodb:${action}`);
    expect(recorder.exchanges.length).toBe(1);
  });

  it("[ERR-2] [ERR-10] connection refused: a ConnectionError names the endpoint", async () => {
    const endpoint = await deadEndpoint();
    const error = await failureOf(call(table.driver({ endpoint })));
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({
      name: "ConnectionError",
      code: "ERR_DYNAMODB_CONNECTION",
      retryable: true,
    });
    expect(error.$metadata.httpStatusCode).toBeUndefined();
    expect(error.message).toContain(endpoint);
    expect(error.cause).toBeInstanceOf(Error);
  }, 20_000);

  it("[ERR-5] the stack leads back to the caller", async () => {
    async function nearestCaller(): Promise<unknown> {
      return await call(table.driver({ table: uniqueName() }));
    }
    async function callerOfTheCaller(): Promise<unknown> {
      return await nearestCaller();
    }
    const { stack } = await failureOf(callerOfTheCaller());
    expect(stack).toContain("nearestCaller");
    expect(stack).toContain("callerOfTheCaller");
    expect(stack).toContain("errors.spec");
  });
});

describe("the stack", () => {
  it.each([
    ["an option is refused", { table: "" }, "k"],
    ["a key is refused", {}, 5 as unknown as string],
    ["connection refused", { endpoint: "http://127.0.0.1:9" }, "k"],
  ])("[ERR-5] leads back to the caller when %s", async (_, options, key) => {
    async function theCaller(): Promise<unknown> {
      return await table.driver(options).getItem(key);
    }
    const { stack, message } = await failureOf(theCaller());
    expect(stack).toContain("theCaller");
    // The head says what happened, and nothing of the driver's own plumbing stands before the caller.
    expect(stack).toContain(message);
    expect(stack.split("\n").find((line: string) => /^\s+at /.test(line))).toContain("theCaller");
  });
});

describe("what AWS answers", () => {
  it.each([
    ["ProvisionedThroughputExceededException", 400, "ERR_DYNAMODB_THROTTLED", true],
    ["ThrottlingException", 400, "ERR_DYNAMODB_THROTTLED", true],
    ["RequestLimitExceeded", 400, "ERR_DYNAMODB_THROTTLED", true],
    ["InternalServerError", 500, "ERR_DYNAMODB_SERVICE", true],
    ["ServiceUnavailable", 503, "ERR_DYNAMODB_SERVICE", true],
    ["ValidationException", 400, "ERR_DYNAMODB_VALIDATION", false],
    ["UnrecognizedClientException", 400, "ERR_DYNAMODB_CREDENTIALS", false],
    ["ExpiredTokenException", 400, "ERR_DYNAMODB_CREDENTIALS", false],
    ["SomethingNewException", 400, "ERR_DYNAMODB_SERVICE", false],
  ])(
    "[ERR-2] [ERR-3] %s (%d) keeps its name: %s",
    async (name, status, code, retryable) => {
      recorder.spoil(() => serviceError(name, "the reason", status));
      const error = await failureOf(table.driver({ endpoint: recorder.endpoint }).getItem("k"));
      expectShape(error, "getItem", table.name);
      expect(error).toMatchObject({ name, code, retryable });
      const attempts = recorder.exchanges.length;
      expect(error.$metadata).toEqual({ httpStatusCode: status, requestId: "SPOILED", attempts });
      expect(attempts > 1).toBe(retryable);
    },
    30_000,
  );

  it("[ERR-2] the words of an error that has none of ours are AWS's", async () => {
    recorder.spoil(() => serviceError("ValidationException", "the reason"));
    const driver = table.driver({ endpoint: recorder.endpoint });
    await expect(driver.getItem("k")).rejects.toThrow("the reason");
  });

  it.each([
    ["an unknown type", { value: { NEW: "v" } }],
    ["no type", { value: {} }],
    ["two types", { value: { S: "v", N: "1" } }],
    ["`NULL: false`", { value: { NULL: false } }],
    ["an unknown type in its TTL", { value: { S: "v" }, ttl: { NEW: "1" } }],
  ])(
    "[ANS-5] an item with %s is an error, and not null",
    async (_, Item) => {
      recorder.spoil(() => ({ status: 200, body: { Item } }));
      const driver = table.driver({ endpoint: recorder.endpoint });
      for (const call of [driver.getItem("k"), driver.hasItem("k"), driver.getMeta("k")]) {
        await expect(call).rejects.toMatchObject({ code: "ERR_DYNAMODB_RESPONSE" });
      }
    },
    30_000,
  );

  it("[ANS-7] a status of 429 without a name is retried, then a throttle", async () => {
    await table.putRow("slow", { value: { S: "v" } });
    recorder.spoil((_, nth) => (nth === 1 ? { status: 429, body: "slow down" } : undefined));
    expect(await table.driver({ endpoint: recorder.endpoint }).getItem("slow")).toBe("v");
    recorder.spoil(() => ({ status: 429, body: "" }));
    const driver = table.driver({ endpoint: recorder.endpoint, maxAttempts: 2 });
    await expect(driver.getItem("slow")).rejects.toMatchObject({
      code: "ERR_DYNAMODB_THROTTLED",
      retryable: true,
      $metadata: { httpStatusCode: 429, attempts: 2 },
    });
    expect(driver.getInstance().stats().throttles).toBe(2);
  });

  it("[ERR-1] an error says whether the same call may succeed later", async () => {
    for (const [name, status, retryable] of [
      ["ThrottlingException", 400, true],
      ["InternalServerError", 500, true],
      ["ValidationException", 400, false],
    ] as const) {
      recorder.spoil(() => serviceError(name, "the reason", status));
      const driver = table.driver({ endpoint: recorder.endpoint, maxAttempts: 1 });
      await expect(driver.getItem("k")).rejects.toMatchObject({ name, retryable });
    }
  });

  it("[ERR-1] a passing fault is retried and no error", async () => {
    await table.putRow("passing", { value: { S: "v" } });
    recorder.spoil((_, nth) =>
      nth === 1 ? serviceError("InternalServerError", "", 500) : undefined,
    );
    expect(await table.driver({ endpoint: recorder.endpoint }).getItem("passing")).toBe("v");
    expect(recorder.exchanges.length).toBe(2);
  });

  it.each([
    ["half a JSON text", '{"Item":{"key'],
    ["HTML", "<html>welcome</html>"],
    ["no object", "[]"],
  ])(
    "[ERR-2] [ERR-3] an answer that is %s",
    async (_, body) => {
      recorder.spoil(() => ({ status: 200, body }));
      const error = await failureOf(table.driver({ endpoint: recorder.endpoint }).getItem("k"));
      expectShape(error, "getItem", table.name);
      expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_RESPONSE" });
    },
    30_000,
  );
});

describe("credentials", () => {
  it("[ERR-9] without any, the error says where they were looked for", async () => {
    const script = `
      const driver = dynamoDbCacheDriver({ table: "some-table", region: "eu-west-1" });
      const { name, code, operation, table, retryable, message } = await failure(driver.getItem("k"));
      report({ name, code, operation, table, retryable, message });
    `;
    const { reports } = await runChild(script);
    expect(reports[0]).toMatchObject({
      name: "DynamoDbError",
      code: "ERR_DYNAMODB_CREDENTIALS",
      operation: "getItem",
      table: "some-table",
      retryable: false,
    });
    for (const place of [/`credentials`/, /environment/, /shared config|profile/]) {
      expect(reports[0].message).toMatch(place);
    }
  });
});

describe("codes", () => {
  // Frozen: people switch on these. A new one is a line here, and no line ever leaves.
  const codes = [
    "ABORTED",
    "ACCESS_DENIED",
    "BINDING",
    "CIRCUIT_OPEN",
    "CLOSED",
    "CONNECTION",
    "CREDENTIALS",
    "FORMAT",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "INVALID_KEY",
    "INVALID_OPTION",
    "INVALID_VALUE",
    "ITEM_TOO_LARGE",
    "NO_REGION",
    "QUEUE_FULL",
    "RESPONSE",
    "SCHEMA_MISMATCH",
    "SERVICE",
    "TABLE_NOT_FOUND",
    "TABLE_UNAVAILABLE",
    "THROTTLED",
    "TIMEOUT",
    "VALIDATION",
  ].map((code) => `ERR_DYNAMODB_${code}`);

  it("[ERR-3] docs/ERRORS.md lists exactly the codes that users may rely on", () => {
    const text = readFileSync(new URL("../docs/ERRORS.md", import.meta.url), "utf8");
    const listed = [...new Set(text.match(/\bERR_DYNAMODB_[A-Z_]*[A-Z]\b/g))].sort();
    expect(listed).toEqual(codes);
  });

  it("[ERR-2] what the driver itself refuses is a DynamoDbError without a status", async () => {
    const error = await failureOf(table.driver().setItem("", "v"));
    expectShape(error, "setItem", table.name);
    expect(error.name).toBe("DynamoDbError");
    expect(error.$metadata.httpStatusCode).toBeUndefined();
    expect(error.$metadata.requestId).toBeUndefined();
    expect(error.cause).toBeUndefined();
  });

  it("[ERR-1] a table that is not known is absent, not invented", async () => {
    const options = { ...engineOptions(""), credentials };
    const error = await failureOf(dynamoDbCacheDriver(options).getItem("k"));
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error.table || undefined).toBeUndefined();
  });
});
