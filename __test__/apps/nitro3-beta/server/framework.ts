// Where the betas of Nitro 3 keep what the routes use.
export { defineHandler } from "nitro";
export { defineCachedFunction } from "nitro/cache";
export { useStorage } from "nitro/storage";
