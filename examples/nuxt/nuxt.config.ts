const cache = {
  driver: "unstorage-dynamodb",
  base: "cache",
  expireIn: 86_400,
  // The time of the last write, for the ages on the page.
  attributes: { mtime: "mtime" },
};

export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  css: ["~/assets/page.css"],
  app: { head: { title: "What is cached?", htmlAttrs: { lang: "en" } } },
  nitro: {
    storage: { cache },
    devStorage: { cache },
  },
});
