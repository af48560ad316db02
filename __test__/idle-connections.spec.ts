// Connections that a network or a server leaves unusable must not affect later calls.
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, inject, it } from "vitest";
import { listen } from "../scripts/lib/listen.mjs";
import { useEndpoint } from "./helpers/endpoint";
import { failureOf } from "./helpers/failure";
import { useTable } from "./helpers/table";

const table = useTable();
const endpoint = useEndpoint(undefined, () => inject("endpoint"));

/** A TCP proxy in front of the engine. */
class Link {
  connections = 0;
  endpoint = "";
  #server: Server | undefined;
  #sockets = new Set<Socket>();

  async start(open: (self: Link, client: Socket) => void): Promise<this> {
    this.#server = createServer((client) => {
      this.connections += 1;
      this.#sockets.add(client);
      client.on("error", () => {});
      open(this, client);
    });
    this.endpoint = await listen(this.#server);
    return this;
  }

  /** Forwards everything to the engine. Requests are limited to this number of bytes per 100 ms. */
  pipe(client: Socket, bytes = Infinity): void {
    const { hostname, port } = new URL(inject("endpoint"));
    const engine = connect(Number(port), hostname);
    engine.on("error", () => client.destroy());
    client.on("close", () => engine.destroy());
    client.on("data", (chunk: Buffer) => {
      engine.write(chunk);
      if (bytes === Infinity) return;
      client.pause();
      setTimeout(() => client.resume(), (chunk.length / bytes) * 100);
    });
    engine.pipe(client);
  }

  /** Makes all open connections silently lose their peer. New ones work. */
  vanish(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners("data");
      socket.unpipe();
      socket.resume();
    }
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }
}

let link: Link;
afterEach(() => link?.stop());
const through = (options: object): any => table.driver({ endpoint: link.endpoint, ...options });

it("[NET-20] connections whose peer has vanished cost one retry on one new connection", async () => {
  link = await new Link().start((self, client) => self.pipe(client));
  const store = through({ attemptTimeout: 400 });
  await Promise.all(["a", "b", "c", "d"].map((key) => store.getItem(key)));
  expect(link.connections).toBe(4);
  link.vanish();
  expect(await store.getItem("a")).toBeNull();
  expect(link.connections).toBe(5);
  expect(store.getInstance().stats()).toMatchObject({ requests: 6, retries: 1 });
});

it.each([413, 403, 400])(
  "[NET-22] a connection on which %d arrived before the request was read is not reused",
  async (status) => {
    link = await new Link().start((self, client) => {
      if (self.connections > 1) return self.pipe(client);
      client.once("data", () => {
        client.pause();
        client.write(`HTTP/1.1 ${status} No\r\ncontent-length: 2\r\n\r\n{}`);
      });
    });
    const store = through({ maxConnections: 1 });
    const error = await failureOf(store.setItem("large", "x".repeat(390_000)));
    expect(error.$metadata.httpStatusCode).toBe(status);
    expect(await store.getItem("k")).toBeNull();
    expect(store.getInstance().stats()).toMatchObject({ requests: 2, retries: 0 });
    expect(link.connections).toBe(2);
  },
);

describe("a slow link", () => {
  const items = [..."0123456789"].map((n) => ({ key: `large:${n}`, value: n.repeat(390_000) }));

  it("[TIME-3] [BAT-12] upstream: large batches are sent in parts of about 1 MB, and nothing is sent twice", async () => {
    link = await new Link().start((self, client) => self.pipe(client, 400_000));
    const store = through({ attemptTimeout: 1500, timeout: 2000, maxConnections: 1 });
    await store.setItems(items);
    const { requests, retries, bytesSent } = store.getInstance().stats();
    expect({ requests, retries }).toEqual({ requests: 5, retries: 0 });
    expect(bytesSent).toBeLessThan(10 * 391_000);
  }, 60_000);

  it("[TIME-3] downstream: a response may take longer than attemptTimeout while it makes progress", async () => {
    await table.driver().setItems(items);
    endpoint.script(async (seen) => {
      const reply = await endpoint.forward(seen);
      return { ...reply, drip: { bytes: 300_000, everyMs: 150 } };
    });
    const options = { endpoint: endpoint.endpoint, attemptTimeout: 1000, timeout: 1200 };
    const store: any = table.driver(options);
    const found = await store.getItems(items.map(({ key }) => ({ key })));
    expect(found.every(({ value }: any) => value.length === 390_000)).toBe(true);
    expect(store.getInstance().stats()).toMatchObject({ requests: 1, retries: 0 });
  }, 60_000);
});
