// The contestants that are JavaScript, each behind the same two functions.
import { createRequire } from "node:module";

/**
 * @typedef {object} Subject
 * @property {(turn: number) => Promise<unknown>} call one operation
 * @property {(result: any) => boolean} check is that the right answer?
 * @property {() => unknown} [connect] opens a connection
 * @property {() => unknown} close
 */

/** @param {any} spec */
function keysOf({ keys }) {
  return Array.from({ length: keys }, (_, number) => `bench:item:${number}`);
}

/**
 * @param {any} spec
 * @param {any} driver
 * @param {string} value
 * @returns {Subject}
 */
function overDriver(spec, driver, value) {
  const keys = keysOf(spec);
  const key = (/** @type {number} */ turn) => /** @type {string} */ (keys[turn % keys.length]);
  const connect = () => driver.hasItem("absent");
  const close = () => driver.dispose();
  switch (spec.operation) {
    case "getItem":
      return {
        call: (turn) => driver.getItem(key(turn)),
        check: (text) => text.length === value.length,
        connect,
        close,
      };
    case "setItem":
      return {
        call: (turn) => driver.setItem(key(turn), value),
        check: (nothing) => nothing === undefined,
        close,
      };
    case "getItems": {
      const batch = (/** @type {number} */ turn) =>
        Array.from({ length: 100 }, (_, index) => key(turn * 100 + index));
      // What unstorage does for a driver without getItems.
      const readAll =
        driver.getItems ??
        ((/** @type {string[]} */ names) =>
          Promise.all(
            names.map(async (name) => ({ key: name, value: await driver.getItem(name) })),
          ));
      return {
        call: (turn) => readAll(batch(turn)),
        check: (items) =>
          items.length === 100 &&
          items.every((/** @type {any} */ item) => item.value.length === value.length),
        close,
      };
    }
    case "getKeys":
      return {
        call: () => driver.getKeys(),
        check: (found) => new Set(found).size === spec.keys,
        connect,
        close,
      };
    case "clear":
      return {
        call: () => driver.clear(),
        check: (nothing) => nothing === undefined,
        connect,
        close: async () => {
          const left = spec.verify ? await driver.getKeys() : [];
          if (left.length > 0) {
            throw new Error(`clear left ${left.length} items`);
          }
          await driver.dispose();
        },
      };
    default:
      throw new Error(`no contestant can ${spec.operation}`);
  }
}

/**
 * @param {any} spec
 * @param {string} value
 * @returns {Promise<Subject>}
 */
export async function open(spec, value) {
  const { table, endpoint, region, credentials } = spec;
  switch (spec.contestant) {
    case "driver":
    case "reference": {
      const { default: factory } = await import(spec.module);
      return overDriver(
        spec,
        factory({ table, endpoint, region, credentials, ...spec.options }),
        value,
      );
    }
    case "bare": {
      const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
      const { DynamoDBDocumentClient, GetCommand } = await import("@aws-sdk/lib-dynamodb");
      const client = DynamoDBDocumentClient.from(
        new DynamoDBClient({ endpoint, region, credentials }),
      );
      const keys = keysOf(spec);
      return {
        call: (turn) =>
          client.send(new GetCommand({ TableName: table, Key: { key: keys[turn % keys.length] } })),
        check: ({ Item }) => Item.value.length === value.length,
        close: () => client.destroy(),
      };
    }
    case "boundary": {
      const { cross } = createRequire(import.meta.url)(spec.module);
      const keys = keysOf(spec);
      return {
        call: (turn) => cross(keys[turn % keys.length]),
        check: (text) => text.startsWith("bench:item:"),
        close: () => {},
      };
    }
    default:
      throw new Error(`${spec.contestant} is no contestant in JavaScript`);
  }
}
