const cache = { driver: "unstorage-dynamodb", base: "cache", expireIn: 86_400 };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  nitro: {
    storage: { cache, sessions },
    devStorage: { cache, sessions },
  },
});
