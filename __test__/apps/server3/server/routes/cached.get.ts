// A cached function, with and without SWR. The nonce distinguishes a hit from a computation.
import { randomUUID } from "node:crypto";
import { defineCachedFunction, defineHandler } from "../framework";

const compute = async (id: string) => ({ id, nonce: randomUUID() });
const getKey = (id: string) => id;
const withoutSwr = defineCachedFunction(compute, {
  name: "plain",
  maxAge: 300,
  swr: false,
  getKey,
});
const withSwr = defineCachedFunction(compute, { name: "swr", maxAge: 300, swr: true, getKey });

export default defineHandler((event) => {
  const query = new URL(event.req.url).searchParams;
  const id = query.get("id") ?? "";
  return query.has("swr") ? withSwr(id) : withoutSwr(id);
});
