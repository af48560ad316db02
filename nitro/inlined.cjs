"use strict";

// The addon's bytes, from the `raw:` import of Nitro in the platform package's inline.mjs. Each platform needs a
// literal `require` inside a `try`, so that the bundler silently omits packages that are not installed.

module.exports = function inlined(tag) {
  try {
    switch (tag) {
      case "linux-x64-gnu":
        return require("@unstorage-dynamodb/binding-linux-x64-gnu/inline.mjs").default;
      case "linux-arm64-gnu":
        return require("@unstorage-dynamodb/binding-linux-arm64-gnu/inline.mjs").default;
      case "linux-x64-musl":
        return require("@unstorage-dynamodb/binding-linux-x64-musl/inline.mjs").default;
      case "linux-arm64-musl":
        return require("@unstorage-dynamodb/binding-linux-arm64-musl/inline.mjs").default;
      case "darwin-arm64":
        return require("@unstorage-dynamodb/binding-darwin-arm64/inline.mjs").default;
      case "darwin-x64":
        return require("@unstorage-dynamodb/binding-darwin-x64/inline.mjs").default;
      case "win32-x64-msvc":
        return require("@unstorage-dynamodb/binding-win32-x64-msvc/inline.mjs").default;
      case "win32-arm64-msvc":
        return require("@unstorage-dynamodb/binding-win32-arm64-msvc/inline.mjs").default;
    }
  } catch {}
  return undefined;
};
