// A server with scripted responses. By default, it sends an empty success.
import { afterAll, afterEach, beforeAll } from "vitest";
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

/** Call in the body of a file or a `describe`. Scripts are reset after each test. */
export function useEndpoint(tls?: Tls, upstream?: () => string): ScriptedEndpoint {
  const endpoint = new ScriptedEndpoint(tls, upstream);
  beforeAll(async () => void (await endpoint.start()));
  afterEach(() => endpoint.reset());
  afterAll(() => endpoint.stop());
  return endpoint;
}

/** An AWS error response. */
export const awsError = (name: string, status = 400, message = "scripted") => ({
  status,
  body: { __type: `com.amazon.coral.service#${name}`, message },
});

/** A GetItem response with one item. */
export const found = (value: string): Reply => ({ body: { Item: { value: { S: value } } } });
