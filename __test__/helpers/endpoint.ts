// A server that answers as a test scripts it, and otherwise with an empty success.
import { afterAll, afterEach, beforeAll } from "vitest";
import { type Reply, type Script, ScriptedServer, type Tls } from "./server.mjs";

export type { Reply, Script, Seen, Tls } from "./server.mjs";

export class ScriptedEndpoint extends ScriptedServer {
  constructor(tls?: Tls, upstream?: () => string) {
    super({ tls, upstream });
  }

  /** Sockets: now, and at most at once. */
  get open(): number {
    return this.openConnections;
  }

  get peak(): number {
    return this.peakConnections;
  }

  /** Decides about every request from now on; forgets what was seen. */
  script(script: Script): void {
    this.reset();
    this.decide = script;
  }

  reset(): void {
    this.decide = () => undefined;
    this.forget();
  }
}

/** Call in a file's or a `describe`'s body; scripts are forgotten after each test. */
export function useEndpoint(tls?: Tls, upstream?: () => string): ScriptedEndpoint {
  const endpoint = new ScriptedEndpoint(tls, upstream);
  beforeAll(async () => void (await endpoint.start()));
  afterEach(() => endpoint.reset());
  afterAll(() => endpoint.stop());
  return endpoint;
}

/** AWS's way to say that something went wrong. */
export const awsError = (name: string, status = 400, message = "scripted") => ({
  status,
  body: { __type: `com.amazon.coral.service#${name}`, message },
});

/** One item as GetItem answers it. */
export const found = (value: string): Reply => ({ body: { Item: { value: { S: value } } } });
