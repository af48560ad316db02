// Where Nitro 3.0.0 keeps what the routes use.
export { defineCachedFunction, useStorage } from "nitro/runtime";
export { defineHandler } from "nitro/h3";
