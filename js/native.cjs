"use strict";

// Loads the addon at the first call of a driver method, never at import: frameworks import every driver at build
// time, and a machine without the addon must still be able to build.

const loader = require("./loader.cjs");
const bundled = require("../nitro/bundled.cjs");
module.exports = loader(bundled(() => require("../binding.cjs")));
