type Call = (driver: any, options?: object) => Promise<unknown>;

/** All methods except `dispose` with valid arguments, and the permission that each needs first. */
export const methods: [name: string, action: string, call: Call][] = [
  ["hasItem", "GetItem", (driver, options) => driver.hasItem("k", options)],
  ["getItem", "GetItem", (driver, options) => driver.getItem("k", options)],
  ["getItems", "GetItem", (driver, options) => driver.getItems([{ key: "k" }], options)],
  ["getItemRaw", "GetItem", (driver, options) => driver.getItemRaw("k", options)],
  ["getMeta", "GetItem", (driver, options) => driver.getMeta("k", options)],
  ["setItem", "PutItem", (driver, options) => driver.setItem("k", "v", options)],
  [
    "setItems",
    "PutItem",
    (driver, options) => driver.setItems([{ key: "k", value: "v" }], options),
  ],
  ["setItemRaw", "PutItem", (driver, options) => driver.setItemRaw("k", Buffer.of(1), options)],
  ["removeItem", "DeleteItem", (driver, options) => driver.removeItem("k", options)],
  ["getKeys", "Scan", (driver, options) => driver.getKeys("", options)],
  ["clear", "Scan", (driver, options) => driver.clear("", options)],
];
