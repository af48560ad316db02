// Generates the load on a server: `node autocannon.mjs SPEC`.
import { createRequire } from "node:module";

const { tools, url, connections, warmUp, count } = JSON.parse(process.argv[2] ?? "");
const autocannon = createRequire(tools)("autocannon");

const shoot = async (/** @type {number} */ amount) => {
  const start = performance.now();
  let last = start;
  // A slow response must not count as a failure.
  const shots = autocannon({ url, connections, amount, timeout: 60 });
  // autocannon's own duration has a resolution of one second.
  shots.on("response", () => (last = performance.now()));
  const result = await shots;
  const wrong = result.errors + result.timeouts + result.non2xx;
  if (wrong > 0) {
    throw new Error(`${wrong} of ${amount} requests failed`);
  }
  return { ...result, wall: (last - start) * 1000 };
};

await shoot(warmUp);
// Resets the server's own counters.
const figures = new URL("/figures", url);
await (await fetch(figures)).json();
const { wall, latency } = await shoot(count);
/** @type {any} */
const server = await (await fetch(figures)).json();
const [p50, p99] = [latency.p50 * 1000, latency.p99 * 1000];
console.log(JSON.stringify({ operations: count, wall, p50, p99, ...server }));
