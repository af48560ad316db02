// A route that is cached by `routeRules`.
import { randomUUID } from "node:crypto";

export default defineEventHandler((event) => ({
  name: getRouterParam(event, "name"),
  nonce: randomUUID(),
}));
