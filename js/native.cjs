"use strict";

// Loads the addon on the first call of a driver method rather than on import: frameworks import drivers at build time,
// and building must work on a machine without the addon.

const { readFileSync } = require("node:fs");
const loader = require("./loader.cjs");
module.exports = loader(() => usual() ?? require("../nitro/bundled.cjs")(generated));
const generated = () => require("../binding.cjs");

// Tries the most common location first. The generated loader checks every location and takes two milliseconds.
function usual() {
  const { arch, env, platform } = process;
  try {
    if (platform !== "linux" || env.NAPI_RS_NATIVE_LIBRARY_PATH) return;
    if (readFileSync("/usr/bin/ldd", "latin1").includes("musl")) return;
    if (arch === "x64") return require("@unstorage-dynamodb/binding-linux-x64-gnu");
    if (arch === "arm64") return require("@unstorage-dynamodb/binding-linux-arm64-gnu");
  } catch {} // The generated loader reports the error.
}
