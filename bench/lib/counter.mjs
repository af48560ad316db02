// Requests per operation: of a few operations, outside the measured rounds, through a proxy that counts.
import http from "node:http";

import { listen } from "../../scripts/lib/listen.mjs";
import { summarise } from "./stats.mjs";

/** @typedef {import("./scenarios.mjs").Contestant} Contestant */

/**
 * @param {import("./alternate.mjs").Outcome} outcome gets the figure `requests`
 * @param {string} endpoint what the proxy stands before
 * @param {(text: string) => void} progress
 * @param {(contestant: Contestant, endpoint: string, reset: () => void) => Promise<number>} operate gives the number of operations
 */
export async function countRequests(outcome, endpoint, progress, operate) {
  progress("counting requests");
  const { hostname, port } = new URL(endpoint);
  const agent = new http.Agent({ keepAlive: true });
  let count = 0;
  const server = http.createServer((request, response) => {
    count += 1;
    const { method, url, headers } = request;
    const onward = http.request({ hostname, port, method, path: url, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  const reset = () => (count = 0);
  try {
    const counted = await listen(server);
    for (const [contestant, figures] of Object.entries(outcome)) {
      if (contestant !== "boundary") {
        reset();
        const operations = await operate(/** @type {Contestant} */ (contestant), counted, reset);
        figures.requests = summarise([count / operations]);
      }
    }
  } finally {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  }
}
