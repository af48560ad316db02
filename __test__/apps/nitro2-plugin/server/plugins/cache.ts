import dynamoDbCacheDriver from "unstorage-dynamodb";

export default defineNitroPlugin(async () => {
  const storage = useStorage();
  await storage.unmount("cache");
  const table = process.env.CACHE_TABLE;
  storage.mount("cache", dynamoDbCacheDriver({ table, base: "cache", expireIn: 86_400 }));
});
