const { randomUUID } = require("node:crypto");
const { createTable } = require("unstorage-dynamodb");

exports.newTable = async function newTable() {
  const table = `test-${randomUUID()}`;
  await createTable({ table }).catch((error) => {
    // dynalite has no TTL. The table can be used without it.
    if (error.name !== "UnknownOperationException") throw error;
  });
  return table;
};
