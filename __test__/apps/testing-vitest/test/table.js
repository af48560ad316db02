import { randomUUID } from "node:crypto";
import { createTable } from "unstorage-dynamodb";

export async function newTable() {
  const table = `test-${randomUUID()}`;
  await createTable({ table }).catch((error) => {
    // dynalite has no TTL. The table can be used without it.
    if (error.name !== "UnknownOperationException") throw error;
  });
  return table;
}
