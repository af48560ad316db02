"use strict";

// Loads the addon at the first call of a driver method, never at import: frameworks import every driver at build
// time, and a machine without the addon must still be able to build.

const { createRequire } = require("node:module");

const loader = require("./loader.cjs");

module.exports = loader(() => {
  // Nitro 2 takes every package whose name begins with that of one of its own dependencies, here "unstorage", into its
  // bundle: an ES module, in which the generated loader has no `require`. The platform package is still copied beside
  // the server, whose address Nitro keeps here.
  const { _importMeta_: server } = globalThis;
  try {
    return require("../binding.cjs");
  } catch (error) {
    if (!server) throw error;
    return createRequire(server.url)(`@unstorage-dynamodb/binding-${loader.platformTag()}`);
  }
});
