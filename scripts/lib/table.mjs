// Accesses a local engine without the driver and the SDK, because scripts run before packages are installed, and
// because expected results must not come from the code under test.
import { credentials } from "./engine.mjs";

/**
 * The headers that an engine requires. Engines do not check signatures.
 *
 * @param {string} operation
 * @param {string} [accessKeyId] DynamoDB Local has separate tables for each
 */
export const headersOf = (operation, accessKeyId = credentials.accessKeyId) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
  "content-type": "application/x-amz-json-1.0",
  "x-amz-date": "20260101T000000Z",
  "x-amz-target": `DynamoDB_20120810.${operation}`,
});

/**
 * @param {string} endpoint
 * @param {string} operation
 * @param {object} request
 * @param {string} [accessKeyId]
 * @returns {Promise<any>}
 */
export async function raw(endpoint, operation, request, accessKeyId) {
  const headers = headersOf(operation, accessKeyId);
  const body = JSON.stringify(request);
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${operation}: ${answer.status} ${text.slice(0, 300)}`);
  }
  return JSON.parse(text);
}

const partitionKey = [{ name: "key", type: "S" }];

/**
 * Creates a table as the driver expects it, or with other keys. It can be used immediately.
 *
 * @param {string} endpoint
 * @param {string} table
 * @param {{ name: string, type: string }[]} [keys] the partition key and the optional sort key
 * @param {string} [accessKeyId]
 * @param {string} [index] the name of an optional key index
 */
export async function createTable(endpoint, table, keys = partitionKey, accessKeyId, index) {
  const request = {
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keys.map(({ name, type }) => ({
      AttributeName: name,
      AttributeType: type,
    })),
    KeySchema: keys.map(({ name }, at) => ({
      AttributeName: name,
      KeyType: at === 0 ? "HASH" : "RANGE",
    })),
    ...(index ? { GlobalSecondaryIndexes: [keyIndex(index, keys[0]?.name ?? "")] } : {}),
  };
  await raw(endpoint, "CreateTable", request, accessKeyId);
  let state;
  while (state !== "ACTIVE") {
    const { Table } = await raw(endpoint, "DescribeTable", { TableName: table }, accessKeyId);
    state = Table.TableStatus;
  }
}

/**
 * @param {string} name
 * @param {string} key
 */
const keyIndex = (name, key) => ({
  IndexName: name,
  KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
  Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["ttl"] },
});

/**
 * Returns all rows by key.
 *
 * @param {string} endpoint
 * @param {string} table
 * @returns {Promise<Map<string, Record<string, any>>>}
 */
export async function allRows(endpoint, table) {
  const rows = new Map();
  let ExclusiveStartKey;
  do {
    const scan = { TableName: table, ConsistentRead: true, ExclusiveStartKey };
    const page = await raw(endpoint, "Scan", scan);
    page.Items.forEach((/** @type {any} */ row) => rows.set(row.key.S, row));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return rows;
}
