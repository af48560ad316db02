module.exports = () => new Promise((resolve) => globalThis.engine.close(resolve));
