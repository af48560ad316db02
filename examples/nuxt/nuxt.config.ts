// Pages cached by one build refer to files that the next build no longer has.
const build = Date.now().toString(36);
const cache = {
  driver: "unstorage-dynamodb",
  expireIn: 86_400,
  // A slow table must not slow pages down: fail after one second, and stop sending requests after five failures in a row.
  timeout: 1000,
  circuitBreaker: {},
  compression: "gzip",
  // Long enough to be seen on the page. One second is enough for a busy site.
  nearCache: { ttl: 10 },
  // Stores the time of the last write, which the page shows as age.
  attributes: { mtime: "mtime" },
};
// Reads the same items as they are stored, because it looks for the mark of compressed values in another attribute. Only
// this page needs it, to show their size.
const stored = {
  driver: "unstorage-dynamodb",
  timeout: 1000,
  circuitBreaker: {},
  attributes: { mtime: "mtime", encoding: "none" },
};

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  css: ["~/assets/page.css"],
  app: { head: { title: "What is cached?", htmlAttrs: { lang: "en" } } },
  nitro: {
    storage: {
      cache: { ...cache, base: `cache:${build}` },
      stored: { ...stored, base: `cache:${build}` },
    },
    devStorage: {
      cache: { ...cache, base: "cache:dev" },
      stored: { ...stored, base: "cache:dev" },
    },
  },
});
