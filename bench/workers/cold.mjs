// A cold start: `node cold.mjs SPEC` imports a driver, reads one item, and prints the cost.
const before = process.cpuUsage();
const start = performance.now();

const { module, options, key, length } = JSON.parse(process.argv[2] ?? "");
const { default: factory } = await import(module);
const imported = performance.now();
const driver = factory(options);
const value = await driver.getItem(key);

const wall = (performance.now() - start) * 1000;
const { user, system } = process.cpuUsage(before);
if (value.length !== length) {
  throw new Error("a wrong answer");
}
const { peakRss } = await import("./measure.mjs");
const figures = { wall, cpu: user + system, import: (imported - start) * 1000, peakRss: peakRss() };
console.log(JSON.stringify({ operations: 1, ...figures }));
await driver.dispose();
