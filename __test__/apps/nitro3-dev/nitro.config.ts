import { defineConfig } from "nitro";

const cache = { driver: "unstorage-dynamodb", expireIn: 86_400, timeout: 1000, circuitBreaker: {} };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

// `storage` is empty, so that `devStorage` must be used.
export default defineConfig({
  serverDir: "./server",
  devStorage: {
    cache: { ...cache, base: "cache:dev" },
    sessions,
  },
});
