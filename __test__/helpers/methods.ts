/** Every method but `dispose`, called with arguments that are fine, and the permission it needs first. */
export const methods: [name: string, action: string, call: (driver: any) => Promise<unknown>][] = [
  ["hasItem", "GetItem", (driver) => driver.hasItem("k")],
  ["getItem", "GetItem", (driver) => driver.getItem("k")],
  ["getItems", "GetItem", (driver) => driver.getItems([{ key: "k" }])],
  ["getItemRaw", "GetItem", (driver) => driver.getItemRaw("k")],
  ["getMeta", "GetItem", (driver) => driver.getMeta("k")],
  ["setItem", "PutItem", (driver) => driver.setItem("k", "v")],
  ["setItems", "PutItem", (driver) => driver.setItems([{ key: "k", value: "v" }])],
  ["setItemRaw", "PutItem", (driver) => driver.setItemRaw("k", new Uint8Array([1]))],
  ["removeItem", "DeleteItem", (driver) => driver.removeItem("k")],
  ["getKeys", "Scan", (driver) => driver.getKeys()],
  ["clear", "Scan", (driver) => driver.clear()],
];
