// The engine without the driver and without an SDK: what a test compares with must not be what it tests.

/**
 * What an engine wants to see, which checks no signature.
 *
 * @param {string} operation
 */
export const headersOf = (operation) => ({
  authorization:
    "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "content-type": "application/x-amz-json-1.0",
  "x-amz-date": "20260101T000000Z",
  "x-amz-target": `DynamoDB_20120810.${operation}`,
});

/**
 * @param {string} endpoint
 * @param {string} operation
 * @param {object} request
 * @returns {Promise<any>}
 */
export async function raw(endpoint, operation, request) {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: headersOf(operation),
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${operation}: ${answer.status} ${text.slice(0, 300)}`);
  }
  return JSON.parse(text);
}

/**
 * @param {string} endpoint
 * @param {string} table
 */
export const createTable = (endpoint, table) =>
  raw(endpoint, "CreateTable", {
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
  });

/**
 * Every row, by its key.
 *
 * @param {string} endpoint
 * @param {string} table
 * @returns {Promise<Map<string, Record<string, any>>>}
 */
export async function allRows(endpoint, table) {
  const rows = new Map();
  let start;
  do {
    const page = await raw(endpoint, "Scan", {
      TableName: table,
      ConsistentRead: true,
      ...(start ? { ExclusiveStartKey: start } : {}),
    });
    for (const row of page.Items) {
      rows.set(row.key.S, row);
    }
    start = page.LastEvaluatedKey;
  } while (start);
  return rows;
}
