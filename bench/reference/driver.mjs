// The parts of the replaced driver that the benchmark needs: a reimplementation of the request pattern of the DynamoDB
// driver proposed to unstorage (pull request 234). It reads whole items, lists one page after another, deletes
// everything at once in clear, and uses no batches. The clients are AWS's, with their defaults.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
} from "@aws-sdk/lib-dynamodb";

/** @param {any} options */
export default function referenceDriver(options) {
  const { table: TableName, region, credentials, endpoint, expireIn = 0 } = options;
  const names = { key: "key", value: "value", ttl: "ttl", ...options.attributes };
  /** @type {DynamoDBDocumentClient | undefined} */
  let documents;
  const client = () =>
    (documents ??= DynamoDBDocumentClient.from(
      new DynamoDBClient({ region, credentials, endpoint }),
    ));

  const now = () => Math.floor(Date.now() / 1000);
  const isAlive = (/** @type {any} */ item) => !expireIn || item[names.ttl] >= now();

  async function read(/** @type {string} */ key) {
    const { Item } = await client().send(new GetCommand({ TableName, Key: { [names.key]: key } }));
    return Item && isAlive(Item) ? Item[names.value] : null;
  }

  async function scan() {
    const items = [];
    let from;
    do {
      const page = /** @type {any} */ (
        await client().send(new ScanCommand({ TableName, ExclusiveStartKey: from }))
      );
      items.push(...page.Items);
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  }

  const remove = (/** @type {string} */ key) =>
    client().send(new DeleteCommand({ TableName, Key: { [names.key]: key } }));

  return {
    name: "aws-dynamodb",
    options,
    hasItem: async (/** @type {string} */ key) => (await read(key)) !== null,
    getItem: read,
    async setItem(/** @type {string} */ key, /** @type {unknown} */ value) {
      const expiry = expireIn ? { [names.ttl]: now() + expireIn } : {};
      const Item = { [names.key]: key, [names.value]: value, ...expiry };
      await client().send(new PutCommand({ TableName, Item }));
    },
    async removeItem(/** @type {string} */ key) {
      await remove(key);
    },
    getKeys: async () => (await scan()).filter(isAlive).map((item) => item[names.key]),
    async clear() {
      await Promise.all((await scan()).map((item) => remove(item[names.key])));
    },
    async dispose() {
      documents?.destroy();
    },
  };
}
