import { defineConfig } from "nitro";

// Pages cached by one build refer to files that the next build no longer has.
const build = Date.now().toString(36);
// A slow table must not slow the app down: fail after one second, and stop sending requests after five failures in a row.
const cache = { driver: "unstorage-dynamodb", expireIn: 86_400, timeout: 1000, circuitBreaker: {} };

export default defineConfig({
  serverDir: "./server",
  modules: ["unstorage-dynamodb/nitro"],
  storage: {
    cache: { ...cache, base: `cache:${build}` },
  },
  devStorage: {
    cache: { ...cache, base: "cache:dev" },
  },
});
