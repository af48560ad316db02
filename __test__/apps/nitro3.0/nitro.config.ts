import { defineNitroConfig } from "nitro/config";

const cache = { driver: "unstorage-dynamodb", base: "cache", expireIn: 86_400 };
const sessions = { driver: "unstorage-dynamodb", base: "sessions", consistentRead: true };

export default defineNitroConfig({
  compatibilityDate: "2026-11-01",
  srcDir: "server",
  storage: { cache, sessions },
});
