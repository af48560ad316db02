import { defineConfig } from "nitro";

const build = Date.now().toString(36);
const cache = { driver: "unstorage-dynamodb", expireIn: 86_400, timeout: 1000, circuitBreaker: {} };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineConfig({
  serverDir: "./server",
  modules: ["unstorage-dynamodb/nitro"],
  storage: {
    cache: { ...cache, base: `cache:${build}` },
    sessions,
  },
  devStorage: {
    cache: { ...cache, base: "cache:dev" },
    sessions,
  },
});
