/** Removes the results of one cached function, which share a base, and nothing else. */
export default defineEventHandler(async (event) => {
  const { kind } = getQuery(event);
  if (!isKind(kind)) {
    throw createError({ statusCode: 404, message: "There is no such cached function." });
  }
  // `useStorage("cache").clear(base)` would remove nothing, because unstorage only clears whole mounts.
  const { driver } = useStorage().getMount("cache");
  await driver.clear!(`nitro:functions:${kind}`, {});
  return { purged: kind };
});
