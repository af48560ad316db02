import dynamoDbCacheDriver from "unstorage-dynamodb";

export default defineNitroPlugin(async () => {
  const storage = useStorage();
  await storage.unmount("cache");
  const limits = { expireIn: 86_400, timeout: 1000, circuitBreaker: {} };
  const table = process.env.CACHE_TABLE;
  const base = `cache:${useRuntimeConfig().build}`;
  storage.mount("cache", dynamoDbCacheDriver({ ...limits, table, base }));
});
