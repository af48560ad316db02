// Tables with another primary key.
import { expect, it } from "vitest";
import { expectShape, failureOf } from "./helpers/failure";
import { methods } from "./helpers/methods";
import { useTable } from "./helpers/table";

const key = { name: "key", type: "S" } as const;
const numeric = useTable({ hash: { name: "key", type: "N" } });
const composite = useTable({ hash: key, range: { name: "sort", type: "S" } });
const renamed = useTable({ hash: { name: "pk", type: "S" } });
const code = "ERR_DYNAMODB_SCHEMA_MISMATCH";

const single = methods.filter(([operation]) => !["getKeys", "clear"].includes(operation));
it.each(single)("[ERR-8] the error of %s names the key", async (operation, _, call) => {
  for (const table of [numeric, composite, renamed]) {
    const error = await failureOf(call(table.driver()));
    expectShape(error, operation, table.name);
    expect(error).toMatchObject({ name: "ValidationException", code, retryable: false });
    expect(error.message).toMatch(/["'`]key["'`]/);
    expect(error.message).toMatch(/string/i);
    expect(error.message).toMatch(/sort key/i);
  }
});

const rows = {
  number: [numeric, { key: { N: "5" }, value: { S: "v" } }],
  sorted: [composite, { key: { S: "k" }, sort: { S: "1" }, value: { S: "v" } }],
} as const;
it.each([
  ["getKeys", "number"],
  ["clear", "number"],
  ["clear", "sorted"],
] as const)("[ERR-8] %s fails on rows with another key: %s", async (operation, shape) => {
  const [table, row] = rows[shape];
  await table.putItem(row);
  expect(await failureOf(table.driver()[operation]("", {}))).toMatchObject({ code, operation });
  expect(await table.rows()).toHaveLength(1);
});
