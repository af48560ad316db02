import { defineConfig } from "nitro";

const cache = { driver: "unstorage-dynamodb", base: "cache", expireIn: 86_400 };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineConfig({
  serverDir: "./server",
  traceDeps: ["unstorage-dynamodb"],
  storage: { cache, sessions },
});
