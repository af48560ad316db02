// A proxy that counts requests, the bytes of their bodies, and the units that DynamoDB charges.
import { once } from "node:events";
import http from "node:http";
import { buffer } from "node:stream/consumers";

import { listen } from "../../scripts/lib/listen.mjs";
import { summarise } from "./stats.mjs";

/** @typedef {import("./scenarios.mjs").Contestant} Contestant */
/** @typedef {ReturnType<typeof nothing>} Totals */

const nothing = () => ({ requests: 0, sent: 0, received: 0, readUnits: 0, writeUnits: 0 });

/** The operations that can report consumed units. */
const onItems = /\.(Scan|\w+Item)$/;
const asking = Buffer.from('{"ReturnConsumedCapacity":"TOTAL",');
const reading = /\.(Scan|(Batch)?GetItem)$/;

/** Requests units, and removes them from the response if the client did not request them. @param {string} endpoint */
export async function startCounter(endpoint) {
  const { hostname, port } = new URL(endpoint);
  const agent = new http.Agent({ keepAlive: true });
  let totals = nothing();

  /** @type {http.RequestListener} */
  async function pass(request, response) {
    totals.requests += 1;
    const { method, url, headers } = request;
    const target = String(headers["x-amz-target"]);
    const asked = await buffer(request);
    totals.sent += asked.length;
    const isOnItems = onItems.test(target);
    const isAltered = isOnItems && !asked.includes('"ReturnConsumedCapacity":');
    const question = isAltered ? Buffer.concat([asking, asked.subarray(1)]) : asked;
    const onward = http.request({
      hostname,
      port,
      method,
      path: url,
      agent,
      headers: { ...headers, "content-length": question.length },
    });
    const [answer] = await once(onward.end(question), "response");
    let body = await buffer(answer);
    if (isOnItems) {
      const { ConsumedCapacity = [], ...output } = JSON.parse(body.toString());
      for (const { CapacityUnits } of [ConsumedCapacity].flat()) {
        totals[reading.test(target) ? "readUnits" : "writeUnits"] += CapacityUnits;
      }
      body = isAltered ? Buffer.from(JSON.stringify(output)) : body;
    }
    totals.received += body.length;
    // The checksum covers the original response.
    const { "x-amz-crc32": _, ...kept } = answer.headers;
    response.writeHead(answer.statusCode, { ...kept, "content-length": body.length });
    response.end(body);
  }

  const server = http.createServer((request, response) => {
    Promise.resolve(pass(request, response)).catch(() => response.destroy());
  });
  return {
    endpoint: await listen(server),
    totals: () => totals,
    reset: () => (totals = nothing()),
    stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

/**
 * Counts requests per operation, in a few operations outside the measured rounds.
 *
 * @param {import("./alternate.mjs").Outcome} outcome receives the figure `requests`
 * @param {string} endpoint where the proxy forwards requests
 * @param {(text: string) => void} progress
 * @param {(contestant: Contestant, endpoint: string, reset: () => void) => Promise<number>} operate returns the number
 * of operations
 */
export async function countRequests(outcome, endpoint, progress, operate) {
  progress("counting requests");
  const counter = await startCounter(endpoint);
  try {
    for (const [contestant, figures] of Object.entries(outcome)) {
      if (contestant !== "boundary") {
        counter.reset();
        const operations = await operate(
          /** @type {Contestant} */ (contestant),
          counter.endpoint,
          counter.reset,
        );
        figures.requests = summarise([counter.totals().requests / operations]);
      }
    }
  } finally {
    counter.stop();
  }
}
