// A listing reads the whole table, which is fine for this page but too expensive for every request.
export default defineEventHandler(async (): Promise<CacheReport> => {
  const [cache, stored] = [useStorage("cache"), useStorage("stored")];
  const keys = await stored.getKeys("nitro:functions");
  const entries = await Promise.all(
    keys.sort().map(async (key) => {
      const [, , kind, file = ""] = key.split(":");
      const [meta, raw] = await Promise.all(
        [cache, stored].map((mount) => mount.getMeta(key, { nativeOnly: true })),
      );
      const age = meta?.mtime ? (Date.now() - meta.mtime.getTime()) / 1000 : 0;
      const [size, storedSize, left] = [meta?.size, raw?.size, meta?.ttl].map(Number);
      return {
        key,
        kind,
        city: file.replace(".json", ""),
        size,
        storedSize,
        age,
        left,
      } as CacheEntry;
    }),
  );
  // An entry that expired after the listing has no metadata.
  return { entries: entries.filter(({ left }) => left > 0), usage: currentUsage() };
});
