// A route that `routeRules` caches.
import { randomUUID } from "node:crypto";

export default defineEventHandler((event) => ({
  name: getRouterParam(event, "name"),
  nonce: randomUUID(),
}));
