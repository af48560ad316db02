module.exports = {
  globalSetup: "<rootDir>/test/engine.js",
  globalTeardown: "<rootDir>/test/engine-stop.js",
};
