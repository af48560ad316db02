// A listing reads the whole table: right for a page like this one, too much for every visitor's request.
export default defineEventHandler(async (): Promise<CacheEntry[]> => {
  const cache = useStorage("cache");
  const keys = await cache.getKeys();
  const entries = await Promise.all(
    keys.sort().map(async (key) => {
      const { size, mtime, ttl } = await cache.getMeta(key, { nativeOnly: true });
      const age = mtime ? (Date.now() - mtime.getTime()) / 1000 : 0;
      return { key, size: Number(size), age, left: Number(ttl) };
    }),
  );
  // What expired between the listing and the question has no size any more.
  return entries.filter(({ size }) => size > 0);
});
