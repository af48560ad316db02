/**
 * A Nitro module: `modules: ["unstorage-dynamodb/nitro"]`. It adds the package to `traceDeps`, so that Nitro 3 copies
 * it next to the server. Otherwise the addon is bundled as text, which slows down the start and uses more memory.
 */
declare const nitroModule: {
  name: string;
  setup(nitro: { options: object }): void;
};

export = nitroModule;
