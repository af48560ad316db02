// A server with scripted responses. By default, it sends an empty success.
import { afterAll, afterEach, beforeEach } from "vitest";
import { type Reply, type Script, ScriptedServer, type Tls } from "./server.mjs";

export type { Reply, Script, Seen, Tls } from "./server.mjs";

export class ScriptedEndpoint extends ScriptedServer {
  constructor(tls?: Tls, upstream?: () => string) {
    super({ tls, upstream });
  }

  /** The number of open sockets. */
  get open(): number {
    return this.openConnections;
  }

  get peak(): number {
    return this.peakConnections;
  }

  /** Sets the script for all further requests. Forgets past requests. */
  script(script: Script): void {
    this.reset();
    this.decide = script;
  }

  reset(): void {
    this.decide = () => undefined;
    this.forget();
  }
}

/**
 * Starts the server on another port for each test, so that a late request is not counted in the next test. Until then it
 * keeps running, because drivers are disposed after the test.
 */
export function serveEachTest(server: ScriptedServer & { reset(): void }): void {
  beforeEach(async () => void (await server.start()));
  afterEach(() => server.reset());
  afterAll(() => server.stop());
}

/** Call in the body of a file or a `describe`. Each test has its own server. */
export function useEndpoint(tls?: Tls, upstream?: () => string): ScriptedEndpoint {
  const endpoint = new ScriptedEndpoint(tls, upstream);
  serveEachTest(endpoint);
  return endpoint;
}

/** An AWS error response. */
export const awsError = (name: string, status = 400, message = "scripted") => ({
  status,
  body: { __type: `com.amazon.coral.service#${name}`, message },
});

/** A GetItem response with one item. */
export const found = (value: string): Reply => ({ body: { Item: { value: { S: value } } } });
