/**
 * A Nitro module: `modules: ["unstorage-dynamodb/nitro"]`. It adds the package to `traceDeps`, so that Nitro 3 copies it
 * beside the server. Without it the addon is bundled as text, which takes time at the start and memory.
 */
declare const nitroModule: {
  name: string;
  setup(nitro: { options: object }): void;
};

export = nitroModule;
