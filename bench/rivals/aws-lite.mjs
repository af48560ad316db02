// A driver over `@aws-lite/dynamodb`, with its defaults.
import awsLite from "@aws-lite/client";
import dynamodb from "@aws-lite/dynamodb";

/** @param {any} options */
export default async function awsLiteDriver({ table: TableName, endpoint, region, credentials }) {
  const client = await awsLite({ ...credentials, endpoint, region, plugins: [dynamodb] });
  const { GetItem, PutItem } = client.DynamoDB;
  /** @param {string} key */
  async function getItem(key) {
    const { Item } = await GetItem({ TableName, Key: { key } });
    return Item?.value ?? null;
  }
  return {
    getItem,
    /** @param {string} key @param {string} value */
    async setItem(key, value) {
      await PutItem({ TableName, Item: { key, value } });
    },
    hasItem: async (/** @type {string} */ key) => (await getItem(key)) !== null,
    // Its agents belong to the process, and idle connections do not keep it alive.
    dispose() {},
  };
}
