// A storage separate from the cache, with a time to live per item.
export default defineEventHandler(async (event) => {
  const { key, value, ttl } = getQuery(event);
  const sessions = useStorage("sessions");
  await sessions.setItem(String(key), String(value), { ttl: Number(ttl) });
  return { value: await sessions.getItem(String(key)), keys: await sessions.getKeys() };
});
