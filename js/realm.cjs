"use strict";

// Recreates the addon's results with the classes of this realm, if the addon was loaded in another one (Jest, node:vm).
// Bytes need no conversion, because all realms of a process share one Buffer class.

module.exports = function adopt(value) {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const list = (items) => Array.from(items, (item) => adopt(item));
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object Array]") return list(value);
  if (kind === "[object Set]") return new Set(list(value));
  if (kind === "[object Date]") return new Date(value.getTime());
  return Object.fromEntries(list(Object.entries(value)));
};
