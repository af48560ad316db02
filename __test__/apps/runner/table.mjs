// Reads an app's table without the driver.
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

import { credentials, region } from "../../../scripts/lib/engine.mjs";
import { allRows, createTable, raw } from "../../../scripts/lib/table.mjs";

/** The maximum delay of a row in milliseconds: frameworks respond first and write afterwards. */
const timeout = 20_000;

/** @typedef {{ key: string, value: string, stored: number, ttl: number | undefined }} Row `stored`: bytes of the value */
/** @typedef {Awaited<ReturnType<typeof openTable>>} Table */

/** @param {string} endpoint @param {string} name */
export async function openTable(endpoint, name) {
  await createTable(endpoint, name);

  /** @returns {Promise<Row[]>} */
  const rows = async () =>
    [...(await allRows(endpoint, name)).values()].map(({ key, value, ttl, enc }) => ({
      key: key.S,
      ...textOf(value, enc),
      ttl: ttl && Number(ttl.N),
    }));

  return {
    rows,
    /** The only configuration that an app receives. Its options contain none of it. */
    env: {
      UNSTORAGE_DYNAMODB_TABLE: name,
      // Only the app with a plugin reads this variable.
      CACHE_TABLE: name,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    /** Waits for the only matching row. @param {RegExp} pattern of its key */
    async row(pattern) {
      const deadline = Date.now() + timeout;
      for (;;) {
        const all = await rows();
        const [row, ...others] = all.filter(({ key }) => pattern.test(key));
        if (row && others.length === 0) {
          return row;
        }
        if (Date.now() > deadline) {
          const keys = all.map(({ key }) => key).join(", ");
          throw new Error(`not one row fits ${pattern}; the table holds: ${keys || "nothing"}`);
        }
        await wait(50);
      }
    },
    /** Changes a row without the app, and stores it uncompressed. @param {string} key @param {string} value */
    replaceValue: (key, value) =>
      raw(endpoint, "UpdateItem", {
        TableName: name,
        Key: { key: { S: key } },
        UpdateExpression: "SET #value = :value REMOVE enc",
        ExpressionAttributeNames: { "#value": "value" },
        ExpressionAttributeValues: { ":value": { S: value } },
      }),
  };
}

/**
 * @param {{ S?: string, B?: string } | undefined} value
 * @param {{ S: string } | undefined} encoding of compressed text
 */
function textOf(value, encoding) {
  if (value?.B) {
    const bytes = Buffer.from(value.B, "base64");
    return { value: (encoding ? gunzipSync(bytes) : bytes).toString(), stored: bytes.length };
  }
  const text = value?.S ?? "";
  return { value: text, stored: Buffer.byteLength(text) };
}

/** @param {Row} row @param {number} seconds the requested time to live */
export function checkTtl({ key, ttl }, seconds) {
  const now = Date.now() / 1000;
  const end = now + seconds;
  // The driver rounds up, and the row is already some seconds old.
  if (!ttl || !Number.isInteger(ttl) || ttl > end + 1 || ttl < end - 60) {
    const wanted = `"${key}" should end ${seconds} s after it was written`;
    throw new Error(`${wanted}; its ttl is ${ttl}, now is ${now}`);
  }
}
