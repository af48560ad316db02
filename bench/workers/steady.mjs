// Sends requests to a server at a fixed rate, whether or not it keeps up: `node steady.mjs SPEC`. Prints one line of JSON.
import { once } from "node:events";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { url, rate, count } = JSON.parse(process.argv[2] ?? "");
const agent = new http.Agent({ keepAlive: true });

async function ask() {
  const start = performance.now();
  const [response] = await once(http.get(url, { agent }), "response");
  await once(response.resume(), "end");
  if (response.statusCode !== 200) {
    throw new Error(`status ${response.statusCode}`);
  }
  return performance.now() - start;
}

await ask();
// Resets the server's own counters.
const figures = new URL("/figures", url);
await (await fetch(figures)).json();
const start = performance.now();
/** @type {Promise<number>[]} */
const asked = [];
for (let number = 0; number < count; number += 1) {
  await sleep(start + (number * 1000) / rate - performance.now());
  asked.push(ask());
}
const times = (await Promise.all(asked)).toSorted((a, b) => a - b);
const microseconds = (/** @type {number} */ share) =>
  (times[Math.floor(times.length * share)] ?? Number.NaN) * 1000;
/** @type {any} */
const server = await (await fetch(figures)).json();
console.log(JSON.stringify({ p50: microseconds(0.5), p99: microseconds(0.99), ...server }));
agent.destroy();
