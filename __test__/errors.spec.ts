// The errors that users see: one of each origin, with its message.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver, { DynamoDbError } from "../index.mjs";
import { runChild } from "./helpers/child";
import { expectShape, failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { accessDenied, serviceError, useRecorder } from "./helpers/recorder";
import { engineOptions, region, uniqueName, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const recorded = (options: object = {}): any =>
  table.driver({ endpoint: recorder.endpoint, ...options });
/** An endpoint without a listener: the port of the discard protocol. */
const nowhere = "http://127.0.0.1:9";

describe.each(methods)("%s", (operation, action, call) => {
  it("[ERR-1] [ERR-4] [ERR-7] a missing table: table and region are named", async () => {
    const name = uniqueName();
    const error = await failureOf(call(table.driver({ table: name })));
    expectShape(error, operation, name);
    expect(error).toMatchObject({
      name: "ResourceNotFoundException",
      code: "ERR_DYNAMODB_TABLE_NOT_FOUND",
      retryable: false,
      message: expect.stringContaining(region),
      $metadata: { httpStatusCode: 400, attempts: 1, requestId: expect.stringMatching(/\S/) },
    });
  });

  it("[ERR-1] [ERR-2] [ERR-11] a denied permission is named", async () => {
    recorder.spoil((exchange) => accessDenied(exchange.operation));
    const error = await failureOf(call(recorded()));
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({
      name: "AccessDeniedException",
      code: "ERR_DYNAMODB_ACCESS_DENIED",
      retryable: false,
      message: expect.stringContaining(`dynamodb:${action}`),
      $metadata: { httpStatusCode: 400, requestId: "SPOILED", attempts: 1 },
    });
    expect(recorder.exchanges.length).toBe(1);
  });

  it("[ERR-2] [ERR-5] [ERR-10] connection refused: endpoint and callers are shown", async () => {
    async function nearestCaller(): Promise<unknown> {
      return await call(table.driver({ endpoint: nowhere }));
    }
    async function callerOfTheCaller(): Promise<unknown> {
      return await nearestCaller();
    }
    const error = await failureOf(callerOfTheCaller());
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({
      name: "ConnectionError",
      code: "ERR_DYNAMODB_CONNECTION",
      retryable: true,
      message: expect.stringContaining(nowhere),
      stack: expect.stringMatching(/nearestCaller.*errors\.spec.*callerOfTheCaller/s),
    });
    expect(error.$metadata.httpStatusCode).toBeUndefined();
    expect(error.cause).toBeInstanceOf(Error);
  });
});

it.each([
  ["an option is refused", { table: "" }, "k"],
  ["a key is refused", {}, 5 as unknown as string],
  ["connection refused", { endpoint: nowhere }, "k"],
])("[ERR-5] the stack leads back to the caller when %s", async (_, options, key) => {
  async function theCaller(): Promise<unknown> {
    return await table.driver(options).getItem(key);
  }
  const { stack, message } = await failureOf(theCaller());
  // The head contains the message, and no frame of the driver precedes the caller's.
  expect(stack).toContain(message);
  expect(stack.split("\n").find((line: string) => /^\s+at /.test(line))).toContain("theCaller");
});

describe("responses of AWS", () => {
  it.each([
    ["ProvisionedThroughputExceededException", 400, "THROTTLED", true],
    ["ThrottlingException", 400, "THROTTLED", true],
    ["RequestLimitExceeded", 400, "THROTTLED", true],
    ["InternalServerError", 500, "SERVICE", true],
    ["ServiceUnavailable", 503, "SERVICE", true],
    ["ValidationException", 400, "VALIDATION", false],
    ["UnrecognizedClientException", 400, "CREDENTIALS", false],
    ["ExpiredTokenException", 400, "CREDENTIALS", false],
    ["SomethingNewException", 400, "SERVICE", false],
  ])("[ERR-1] [ERR-2] [ERR-3] %s (%d): %s", async (name, status, kind, retryable) => {
    recorder.spoil(() => serviceError(name, "the reason", status));
    const error = await failureOf(recorded().getItem("k"));
    expectShape(error, "getItem", table.name);
    expect(error).toMatchObject({ name, code: `ERR_DYNAMODB_${kind}`, retryable });
    const attempts = recorder.exchanges.length;
    expect(error.$metadata).toEqual({ httpStatusCode: status, requestId: "SPOILED", attempts });
    expect(attempts > 1).toBe(retryable);
    const once = await failureOf(recorded({ maxAttempts: 1 }).getItem("k"));
    expect(once).toMatchObject({ name, retryable });
    if (kind === "VALIDATION") expect(once.message).toContain("the reason");
  });

  it.each([
    ["an unknown type", { value: { NEW: "v" } }],
    ["no type", { value: {} }],
    ["two types", { value: { S: "v", N: "1" } }],
    ["`NULL: false`", { value: { NULL: false } }],
    ["an unknown type in its TTL", { value: { S: "v" }, ttl: { NEW: "1" } }],
  ])("[ANS-5] an item with %s is an error, and not null", async (_, Item) => {
    recorder.spoil(() => ({ status: 200, body: { Item } }));
    const driver = recorded();
    for (const method of ["getItem", "hasItem", "getMeta"] as const) {
      await expect(driver[method]("k")).rejects.toMatchObject({ code: "ERR_DYNAMODB_RESPONSE" });
    }
  });

  it.each([
    ["[ANS-7] a status of 429 without a name", { status: 429, body: "slow down" }],
    ["a passing fault", serviceError("InternalServerError", "", 500)],
  ])("[ERR-1] %s is retried and no error", async (_, answer) => {
    await table.putRow("passing", { value: { S: "v" } });
    recorder.spoil((_exchange, nth) => (nth === 1 ? answer : undefined));
    expect(await recorded().getItem("passing")).toBe("v");
    expect(recorder.exchanges.length).toBe(2);
  });

  it("[ANS-7] status 429 without a name is reported as a throttle", async () => {
    recorder.spoil(() => ({ status: 429, body: "" }));
    const driver = recorded({ maxAttempts: 2 });
    await expect(driver.getItem("slow")).rejects.toMatchObject({
      code: "ERR_DYNAMODB_THROTTLED",
      retryable: true,
      $metadata: { httpStatusCode: 429, attempts: 2 },
    });
    expect(driver.getInstance().stats().throttles).toBe(2);
  });

  it.each(['{"Item":{"key', "<html>welcome</html>", "[]"])(
    "[ERR-2] [ERR-3] %s is not a valid response",
    async (body) => {
      recorder.spoil(() => ({ status: 200, body }));
      const error = await failureOf(recorded().getItem("k"));
      expectShape(error, "getItem", table.name);
      expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_RESPONSE" });
    },
  );
});

describe("errors of the driver itself", () => {
  it("[ERR-9] without credentials, names the sources", async () => {
    const { reports } = await runChild(`
      const driver = dynamoDbCacheDriver({ table: "some-table", region: "eu-west-1" });
      const { name, message, ...rest } = await failure(driver.getItem("k"));
      report({ name, message, ...rest });
    `);
    expect(reports).toMatchObject([
      {
        name: "DynamoDbError",
        code: "ERR_DYNAMODB_CREDENTIALS",
        operation: "getItem",
        table: "some-table",
        retryable: false,
      },
    ]);
    for (const place of [/`credentials`/, /environment/, /shared config|profile/]) {
      expect(reports[0].message).toMatch(place);
    }
  });

  // Frozen, because programs compare these codes. New ones are added here, and none is ever removed.
  const codes =
    "ABORTED ACCESS_DENIED BINDING CIRCUIT_OPEN CLOSED CONNECTION CREDENTIALS FORMAT INTERNAL INVALID_ARGUMENT " +
    "INVALID_KEY INVALID_OPTION INVALID_VALUE ITEM_TOO_LARGE NO_REGION OUTCOME_UNKNOWN QUEUE_FULL RESPONSE " +
    "SCHEMA_MISMATCH SERVICE TABLE_NOT_FOUND TABLE_UNAVAILABLE THROTTLED TIMEOUT VALIDATION";

  it("[ERR-3] docs/ERRORS.md lists exactly the codes that users may rely on", () => {
    const text = readFileSync(new URL("../docs/ERRORS.md", import.meta.url), "utf8");
    const listed = text.match(/(?<=\bERR_DYNAMODB_)[A-Z_]*[A-Z]\b/g);
    expect([...new Set(listed)].sort()).toEqual(codes.split(" "));
    // Two codes are unstorage's.
    const ofCas = text.match(/(?<=\bERR_CAS_)[A-Z_]*[A-Z]\b/g);
    expect([...new Set(ofCas)].sort()).toEqual(["MISMATCH", "UNSUPPORTED"]);
  });

  it("[ERR-2] rejected arguments are a DynamoDbError without a status", async () => {
    const error = await failureOf(table.driver().setItem("", "v"));
    expectShape(error, "setItem", table.name);
    expect(error.name).toBe("DynamoDbError");
    expect([error.$metadata.httpStatusCode, error.$metadata.requestId, error.cause]).toEqual(
      Array(3).fill(undefined),
    );
  });

  it("[ERR-1] an unknown table is omitted", async () => {
    const error = await failureOf(dynamoDbCacheDriver(engineOptions("")).getItem("k"));
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error.table || undefined).toBeUndefined();
  });
});
