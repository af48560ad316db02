// A table as the driver expects it, for who has not built the addon and its createTable. Needs the installed packages.
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";

import { credentials, region } from "./engine.mjs";

/**
 * @param {string} endpoint
 * @param {string} name
 */
export async function createTable(endpoint, name) {
  const client = new DynamoDBClient({ endpoint, region, credentials });
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await waitUntilTableExists(
      { client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
      { TableName: name },
    );
  } finally {
    client.destroy();
  }
}
