// A forward proxy of a test's own: requests to plain endpoints come whole, tunnels to others as CONNECT.
import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll } from "vitest";

export interface Treatment {
  request(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void;
  tunnel(request: http.IncomingMessage, socket: Socket): void;
}

/** @returns its URL, with user information before the host */
export function useForwardProxy({ request, tunnel }: Treatment): (user?: string) => string {
  const proxy = http.createServer(request);
  proxy.on("connect", (asked, socket) => tunnel(asked, socket as Socket));
  beforeAll(async () => {
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return (user = "") => `http://${user}127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** What a proxy is for. */
export function passOn(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void {
  const { method, headers, url = "" } = incoming;
  const onward = http.request(url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(onward);
}
