// Tables that were created for other purposes.
import { describe, expect, it } from "vitest";
import { expectShape, failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { useTable } from "./helpers/table";

describe("another key schema", () => {
  const numeric = useTable({ hash: { name: "key", type: "N" } });
  const composite = useTable({
    hash: { name: "key", type: "S" },
    range: { name: "sort", type: "S" },
  });
  const renamed = useTable({ hash: { name: "pk", type: "S" } });
  const tables = { "a numeric key": numeric, "a sort key": composite, "another name": renamed };

  const single = methods.filter(([operation]) => !["getKeys", "clear"].includes(operation));
  const cases = Object.keys(tables).flatMap((shape) =>
    single.map((method) => [shape, ...method] as const),
  );
  it.each(cases)("[ERR-8] %s: %s names the expected key", async (shape, operation, _, call) => {
    const table = tables[shape as keyof typeof tables];
    const error = await failureOf(call(table.driver()));
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({
      name: "ValidationException",
      code: "ERR_DYNAMODB_SCHEMA_MISMATCH",
      retryable: false,
    });
    expect(error.message).toMatch(/["'`]key["'`]/);
    expect(error.message).toMatch(/string/i);
    expect(error.message).toMatch(/sort key/i);
  });

  it.each(["getKeys", "clear"])(
    "[ERR-8] %s on rows with a key that is not text",
    async (operation) => {
      await numeric.putItem({ key: { N: "5" }, value: { S: "v" } });
      const driver: any = numeric.driver();
      await expect(driver[operation]()).rejects.toMatchObject({
        code: "ERR_DYNAMODB_SCHEMA_MISMATCH",
        operation,
      });
      expect(await numeric.rows()).toHaveLength(1);
    },
  );

  it("[ERR-8] clear on rows with a sort key", async () => {
    await composite.putItem({ key: { S: "k" }, sort: { S: "1" }, value: { S: "v" } });
    await expect(composite.driver().clear("")).rejects.toMatchObject({
      code: "ERR_DYNAMODB_SCHEMA_MISMATCH",
      operation: "clear",
    });
    expect(await composite.rows()).toHaveLength(1);
  });
});
