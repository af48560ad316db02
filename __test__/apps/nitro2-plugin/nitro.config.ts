const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineNitroConfig({
  compatibilityDate: "2026-11-01",
  srcDir: "server",
  routeRules: { "/page/**": { swr: 300 } },
  runtimeConfig: { build: Date.now().toString(36) },
  // The cache is mounted by server/plugins/cache.ts.
  storage: { sessions },
  devStorage: { sessions },
});
