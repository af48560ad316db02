"use strict";

// For where this file runs in another realm than the addon (in Jest, in node:vm): makes what the addon gave again, of this
// realm's classes. Bytes stay what they are: all realms of a process share one Buffer.

module.exports = function adopt(value) {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const list = (items) => Array.from(items, (item) => adopt(item));
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object Array]") return list(value);
  if (kind === "[object Set]") return new Set(list(value));
  if (kind === "[object Date]") return new Date(value.getTime());
  return Object.fromEntries(list(Object.entries(value)));
};
