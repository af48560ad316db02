const build = Date.now().toString(36);
const cache = { driver: "unstorage-dynamodb", expireIn: 86_400, timeout: 1000, circuitBreaker: {} };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  nitro: {
    routeRules: { "/page/**": { swr: 300 }, "/rendered/**": { swr: 300 } },
    storage: {
      cache: { ...cache, base: `cache:${build}` },
      sessions,
    },
    devStorage: {
      cache: { ...cache, base: "cache:dev" },
      sessions,
    },
  },
});
