"use strict";

// The Nitro module `unstorage-dynamodb/nitro`: makes Nitro copy the package next to the server instead of bundling it.

const NAME = "unstorage-dynamodb";

module.exports = {
  name: NAME,
  setup({ options }) {
    // Nitro 3 bundles every package that is not listed here.
    options.traceDeps = [...(options.traceDeps ?? []), NAME];
    // Nitro 2 bundles every package whose name starts with "unstorage".
    const { external = [] } = options.externals ?? {};
    options.externals = { ...options.externals, external: [...external, NAME] };
  },
};
