"use strict";

// Loads the addon at the first call of a driver method, never at import: frameworks import every driver at build
// time, and a machine without the addon must still be able to build.

const { readFileSync } = require("node:fs");
const loader = require("./loader.cjs");
module.exports = loader(() => usual() ?? require("../nitro/bundled.cjs")(generated));
const generated = () => require("../binding.cjs");

// Where most servers have it. The generated loader knows every place, and takes two milliseconds to find this one.
function usual() {
  const { arch, env, platform } = process;
  try {
    if (platform !== "linux" || env.NAPI_RS_NATIVE_LIBRARY_PATH) return;
    if (readFileSync("/usr/bin/ldd", "latin1").includes("musl")) return;
    if (arch === "x64") return require("@unstorage-dynamodb/binding-linux-x64-gnu");
    if (arch === "arm64") return require("@unstorage-dynamodb/binding-linux-arm64-gnu");
  } catch {} // The generated loader tells why.
}
