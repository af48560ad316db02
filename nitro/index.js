"use strict";

// The Nitro module `unstorage-dynamodb/nitro`: the package is then copied beside the server, and not bundled.

const NAME = "unstorage-dynamodb";

module.exports = {
  name: NAME,
  setup({ options }) {
    // Nitro 3 bundles what it does not know.
    options.traceDeps = [...(options.traceDeps ?? []), NAME];
    // Nitro 2 bundles packages by the beginning of their name, "unstorage" among them.
    const { external = [] } = options.externals ?? {};
    options.externals = { ...options.externals, external: [...external, NAME] };
  },
};
