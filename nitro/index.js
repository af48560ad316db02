"use strict";

// The Nitro module `unstorage-dynamodb/nitro`: Nitro 3 then copies the package beside the server in place of bundling
// it. Nitro 2 does so anyway.

module.exports = {
  name: "unstorage-dynamodb",
  setup({ options }) {
    options.traceDeps = [...(options.traceDeps ?? []), "unstorage-dynamodb"];
  },
};
