import { defineConfig } from "nitro";

export default defineConfig({
  serverDir: "./server",
  modules: ["unstorage-dynamodb/nitro"],
  storage: {
    cache: { driver: "unstorage-dynamodb", base: "cache", expireIn: 86_400 },
  },
});
