// The imports for Nitro 3.0.0.
export { defineCachedFunction, useStorage } from "nitro/runtime";
export { defineHandler } from "nitro/h3";
