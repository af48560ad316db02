// A storage separate from the cache, with a time to live per item.
import { defineHandler, useStorage } from "../framework";

export default defineHandler(async (event) => {
  const query = new URL(event.req.url).searchParams;
  const key = query.get("key") ?? "";
  const sessions = useStorage("sessions");
  await sessions.setItem(key, query.get("value"), { ttl: Number(query.get("ttl")) });
  return { value: await sessions.getItem(key), keys: await sessions.getKeys() };
});
