// The route under load, served from the cache with one read of the driver.
import { defineCachedEventHandler } from "nitropack/runtime";

const page = { title: "A page", text: "what a cached page may say. ".repeat(34) };

export default defineCachedEventHandler(() => page, {
  name: "page",
  getKey: () => "page",
  maxAge: 3600,
});
