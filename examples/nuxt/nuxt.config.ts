// Pages cached by one build refer to files that the next build no longer has.
const build = Date.now().toString(36);
const cache = {
  driver: "unstorage-dynamodb",
  expireIn: 86_400,
  // A slow table must not slow pages down: fail after one second, and stop sending requests after five failures in a row.
  timeout: 1000,
  circuitBreaker: {},
  // Stores the time of the last write, which the page shows as age.
  attributes: { mtime: "mtime" },
};

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  css: ["~/assets/page.css"],
  app: { head: { title: "What is cached?", htmlAttrs: { lang: "en" } } },
  nitro: {
    storage: { cache: { ...cache, base: `cache:${build}` } },
    devStorage: { cache: { ...cache, base: "cache:dev" } },
  },
});
