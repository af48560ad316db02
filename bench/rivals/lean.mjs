// What an engineer writes in an afternoon who finds the SDK too slow: a pool of connections, SigV4 with the signing key
// of the day kept, and one template per request. It has no retries, timeouts of its own, renewal of credentials, expiry,
// order of writes to one key, or values other than text.
import { createHash, createHmac } from "node:crypto";

import { Pool } from "undici";

const contentType = "application/x-amz-json-1.0";
const signedHeaders = "content-type;host;x-amz-date;x-amz-target";

const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text).digest("hex");

/** @param {string | Buffer} key @param {string} text */
const hmac = (key, text) => createHmac("sha256", key).update(text);

/** @param {string} host @param {string} region @param {{ accessKeyId: string, secretAccessKey: string }} credentials */
function signer(host, region, { accessKeyId, secretAccessKey }) {
  let day = "";
  let scope = "";
  /** @type {Buffer} */
  let key;
  return (/** @type {string} */ target, /** @type {string} */ body) => {
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    if (day !== date.slice(0, 8)) {
      day = date.slice(0, 8);
      scope = `${day}/${region}/dynamodb/aws4_request`;
      key = scope
        .split("/")
        .reduce(
          (secret, part) => hmac(secret, part).digest(),
          /** @type {any} */ (`AWS4${secretAccessKey}`),
        );
    }
    const request =
      `POST\n/\n\ncontent-type:${contentType}\nhost:${host}\nx-amz-date:${date}\nx-amz-target:${target}\n\n` +
      `${signedHeaders}\n${sha256(body)}`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(request)}`;
    return {
      "content-type": contentType,
      "x-amz-date": date,
      "x-amz-target": target,
      authorization:
        `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, ` +
        `Signature=${hmac(key, text).digest("hex")}`,
    };
  };
}

/** @param {any} options */
export default function leanDriver({ table, endpoint, region, credentials }) {
  // As many connections as the other drivers have.
  const pool = new Pool(endpoint, { connections: 50 });
  const sign = signer(new URL(endpoint).host, region, credentials);
  const start = `{"TableName":${JSON.stringify(table)},`;

  /** @param {string} operation @param {string} body */
  async function send(operation, body) {
    const headers = sign(`DynamoDB_20120810.${operation}`, body);
    const answer = await pool.request({ method: "POST", path: "/", headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) {
      throw new Error(`${operation}: ${answer.statusCode} ${text}`);
    }
    return JSON.parse(text);
  }

  /** @param {string} key @returns {Promise<string | null>} */
  async function getItem(key) {
    const { Item } = await send("GetItem", `${start}"Key":{"key":{"S":${JSON.stringify(key)}}}}`);
    return Item?.value.S ?? null;
  }

  return {
    getItem,
    /** @param {string} key @param {string} value */
    async setItem(key, value) {
      const [name, text] = [JSON.stringify(key), JSON.stringify(value)];
      await send("PutItem", `${start}"Item":{"key":{"S":${name}},"value":{"S":${text}}}}`);
    },
    hasItem: async (/** @type {string} */ key) => (await getItem(key)) !== null,
    dispose: () => pool.close(),
  };
}
