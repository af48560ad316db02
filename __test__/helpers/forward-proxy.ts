// A forward proxy. It receives requests to plain endpoints unchanged, and CONNECT for TLS endpoints.
import http from "node:http";
import { type Socket } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { listen } from "../../scripts/lib/listen.mjs";

export interface Treatment {
  request(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void;
  tunnel(request: http.IncomingMessage, socket: Socket): void;
}

/** @returns a function that returns the proxy's URL, optionally with user information */
export function useForwardProxy({ request, tunnel }: Treatment): (user?: string) => string {
  const proxy = http.createServer(request);
  proxy.on("connect", (asked, socket) => tunnel(asked, socket as Socket));
  let url = "";
  beforeAll(async () => void (url = await listen(proxy)));
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return (user = "") => url.replace("//", `//${user}`);
}

/** Forwards a request. */
export function passOn(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void {
  const { method, headers, url = "" } = incoming;
  const onward = http.request(url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
