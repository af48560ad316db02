import { createHash } from "node:crypto";

/** The key of a path with its query, such as `/blog/hello?page=2`. */
function routeKey(path: string) {
  const pathname = decodeURI(path.split("?")[0]!);
  const name = pathname.replaceAll(/\W/g, "").slice(0, 16) || "index";
  const digest = createHash("sha256").update(path).digest("base64url");
  return `nitro:routes:_:${name}.${digest.replaceAll(/[-_]/g, "").slice(0, 10)}.json`;
}

/** Removes a page of `routeRules` and, in Nuxt, its payload. */
export async function purgeRoute(path: string) {
  const cache = useStorage("cache");
  await cache.removeItem(routeKey(path));
  const { buildId } = useRuntimeConfig().app;
  await cache.removeItem(routeKey(`${path === "/" ? "" : path}/_payload.json?_b=${buildId}`));
}

export function purgeAllRoutes() {
  const { driver } = useStorage().getMount("cache");
  return driver.clear!("nitro:routes", {});
}
