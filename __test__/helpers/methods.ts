/** Every method but `dispose`, called with arguments that are fine, and the permission it needs first. */
export const methods: [name: string, action: string, call: (driver: any) => Promise<unknown>][] = [
  ["hasItem", "GetItem", (driver) => driver.hasItem("k")],
  ["getItem", "GetItem", (driver) => driver.getItem("k")],
  ["setItem", "PutItem", (driver) => driver.setItem("k", "v")],
  ["removeItem", "DeleteItem", (driver) => driver.removeItem("k")],
  ["getKeys", "Scan", (driver) => driver.getKeys()],
  ["clear", "Scan", (driver) => driver.clear()],
];
