// Reads an item and prints it, or why it cannot be read. The process then ends, because nothing keeps it alive.
const options = require("./options.cjs");

/** @param {typeof import("unstorage-dynamodb")["default"]} driver */
module.exports = async function read(driver) {
  const [endpoint, expected = ""] = process.argv.slice(2);
  const cache = driver({ ...options, table: "some-table", endpoint, maxAttempts: 1 });
  const found = await cache
    .getItem("k")
    .catch((/** @type {any} */ error) => `${error.code}: ${error.message}`);
  console.log(found);
  if (!String(found).includes(expected)) process.exitCode = 1;
};
