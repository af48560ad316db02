import { expect } from "vitest";
import dynamoDbCacheDriver, { DynamoDbError } from "../../index.mjs";
import type { Recorder } from "./recorder";
import { engineOptions } from "./table";

/** Returns the reason of a rejected promise. Fails the test if the promise resolves. */
export function failureOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

/** Checks the properties that every error of the driver has. */
export function expectShape(error: any, operation: string, table: string): void {
  expect(error).toBeInstanceOf(DynamoDbError);
  expect(error).toBeInstanceOf(Error);
  expect(error.operation).toBe(operation);
  expect(error.table).toBe(table);
  expect(error.code).toMatch(/^ERR_(DYNAMODB|CAS)_[A-Z_]+$/);
  expect(error.retryable).toBeTypeOf("boolean");
  expect(error.$metadata).toBeTypeOf("object");
  expect(error.message.startsWith("[unstorage] [aws-dynamodb] ")).toBe(true);
  expect(error.message).toContain(operation);
  expect(error.message).toContain(table);
}

/** Returns the error of the first call with an invalid option. Checks that nothing was sent. */
export async function refusalOf(
  recorder: Recorder,
  options: Record<string, unknown>,
): Promise<any> {
  const right = { ...engineOptions("some-table"), endpoint: recorder.endpoint };
  const driver = dynamoDbCacheDriver({ ...right, ...options });
  const error = await failureOf(driver.setItem("refused", "v"));
  expect(recorder.exchanges).toEqual([]);
  expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_INVALID_OPTION" });
  expect(error).toMatchObject({ operation: "setItem", retryable: false });
  expect(error.message).toMatch(/^\[unstorage\] \[aws-dynamodb\] /);
  return error;
}
