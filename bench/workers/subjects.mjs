// The contestants in JavaScript, with a common interface.
import { createRequire } from "node:module";

/**
 * @typedef {object} Subject
 * @property {(turn: number) => Promise<unknown>} call one operation
 * @property {(result: any) => boolean} check whether the result is correct
 * @property {() => unknown} [connect] opens a connection
 * @property {() => unknown} [close]
 */

/** @typedef {(turn: number) => string} KeyOf */

const isNothing = (/** @type {unknown} */ result) => result === undefined;

/** @type {(spec: any, driver: any, keyOf: KeyOf, value: string) => Subject} */
function overDriver(spec, driver, keyOf, value) {
  const isValue = (/** @type {string} */ text) => text.length === value.length;
  // unstorage does this for drivers without getItems.
  const readAll =
    driver.getItems ??
    ((/** @type {string[]} */ keys) =>
      Promise.all(keys.map(async (key) => ({ key, value: await driver.getItem(key) }))));
  /** @type {Record<string, Subject>} */
  const subjects = {
    getItem: { call: (turn) => driver.getItem(keyOf(turn)), check: isValue },
    setItem: { call: (turn) => driver.setItem(keyOf(turn), value), check: isNothing },
    getItems: {
      call: (turn) => readAll(Array.from({ length: 100 }, (_, index) => keyOf(turn * 100 + index))),
      check: (items) =>
        items.length === 100 && items.every((/** @type {any} */ item) => isValue(item.value)),
    },
    getKeys: {
      call: () => driver.getKeys(),
      check: (found) => new Set(found).size === spec.keys,
    },
    clear: { call: () => driver.clear(), check: isNothing },
  };
  const subject = subjects[spec.operation];
  if (subject === undefined) {
    throw new Error(`no contestant can ${spec.operation}`);
  }
  return {
    ...subject,
    connect: () => driver.hasItem("absent"),
    async close() {
      const left = spec.operation === "clear" && spec.verify ? await driver.getKeys() : [];
      if (left.length > 0) {
        throw new Error(`clear left ${left.length} items`);
      }
      await driver.dispose();
    },
  };
}

/** @param {any} spec @param {string} value @returns {Promise<Subject>} */
export async function open(spec, value) {
  const { contestant, table, endpoint, region, credentials, module, options } = spec;
  const keys = Array.from({ length: spec.keys }, (_, number) => `bench:item:${number}`);
  const keyOf = (/** @type {number} */ turn) => String(keys[turn % keys.length]);
  if (contestant === "bare") {
    const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    const { DynamoDBDocumentClient, GetCommand } = await import("@aws-sdk/lib-dynamodb");
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint, region, credentials }),
    );
    return {
      call: (turn) => client.send(new GetCommand({ TableName: table, Key: { key: keyOf(turn) } })),
      check: ({ Item }) => Item.value.length === value.length,
      close: () => client.destroy(),
    };
  }
  if (contestant === "boundary") {
    const { cross } = createRequire(import.meta.url)(module);
    return {
      call: (turn) => cross(keyOf(turn)),
      check: (text) => text.startsWith("bench:item:"),
    };
  }
  const { default: factory } = await import(module);
  const driver = await factory({ table, endpoint, region, credentials, ...options });
  return overDriver(spec, driver, keyOf, value);
}
