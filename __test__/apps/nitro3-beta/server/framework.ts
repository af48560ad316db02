// The imports for the betas of Nitro 3.
export { defineHandler } from "nitro";
export { defineCachedFunction } from "nitro/cache";
export { useStorage } from "nitro/storage";
