// A cached function, with and without SWR. The nonce distinguishes a hit from a computation.
import { randomUUID } from "node:crypto";

const compute = (id: string) => ({ id, nonce: randomUUID() });
const getKey = (id: string) => id;
const withoutSwr = defineCachedFunction(compute, {
  name: "plain",
  maxAge: 300,
  swr: false,
  getKey,
});
const withSwr = defineCachedFunction(compute, { name: "swr", maxAge: 300, getKey });

export default defineEventHandler((event) => {
  const { id, swr } = getQuery(event);
  return swr ? withSwr(String(id)) : withoutSwr(String(id));
});
