import { defineConfig } from "nitro";

const cache = { driver: "unstorage-dynamodb", base: "cache", expireIn: 86_400 };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

// Nothing in `storage`: what answers comes from `devStorage`.
export default defineConfig({
  serverDir: "./server",
  devStorage: { cache, sessions },
});
