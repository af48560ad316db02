// A proxy that counts the requests passing through it: for a few operations outside the measured rounds.
import http from "node:http";

import { listen } from "../../scripts/lib/listen.mjs";

/**
 * @param {string} endpoint what it stands before
 */
export async function startCounter(endpoint) {
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
  return {
    endpoint: await listen(server),
    /** The requests since it was last asked. */
    take() {
      const taken = count;
      count = 0;
      return taken;
    },
    stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
