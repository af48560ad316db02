// A listing reads the whole table, which is fine for this page but too expensive for every request.
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
  // An entry that expired after the listing has no metadata.
  return entries.filter(({ size }) => size > 0);
});
