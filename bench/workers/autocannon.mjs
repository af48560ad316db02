// The load on a server, in a process of its own: `node autocannon.mjs SPEC`.
import { createRequire } from "node:module";

const { tools, url, connections, warmUp, count } = JSON.parse(process.argv[2] ?? "");
const autocannon = createRequire(tools)("autocannon");

const shoot = async (/** @type {number} */ amount) => {
  const start = performance.now();
  let last = start;
  // Slow is a figure, not a failure: no answer counts as lost.
  const shots = autocannon({ url, connections, amount, timeout: 60 });
  // Its own duration ends when its clock ticks next, which is once a second.
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
