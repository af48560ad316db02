// A proxy in front of the real engine that records the driver's requests and can alter single responses.
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { awsError, serveEachTest } from "./endpoint";
import { type Reply, ScriptedServer, type Seen } from "./server.mjs";
import type { Split } from "./split.mjs";

export type Spoiled = Reply & { status: number; body: unknown };
/** No response on an open connection. */
export const silence = { silent: true, ending: "hang" } as const;
export type Rule = (
  exchange: Exchange,
  nthOfOperation: number,
) => Reply | Split | "lose" | undefined;

export type Exchange = ReturnType<typeof exchangeOf>;

/** AWS's response to an action that no policy allows. */
export function accessDenied(operation: string): Spoiled {
  const who = "arn:aws:iam::123456789012:user/tester";
  const message = `User: ${who} is not authorized to perform: dynamodb:${operation}`;
  return serviceError("AccessDeniedException", message);
}

export const serviceError = (name: string, message: string, status = 400): Spoiled =>
  awsError(name, status, message);

/** Returns a recorded request, with the access key ID and region of its signature. */
function exchangeOf(seen: Seen) {
  const { authorization = "", "user-agent": userAgent = "" } = seen.headers;
  const securityToken = seen.headers["x-amz-security-token"] as string | undefined;
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(authorization) ?? [];
  const [, accessKeyId = "", region = ""] = scope;
  return Object.assign(seen, { accessKeyId, region, securityToken, userAgent });
}

interface Behaviour {
  rule: Rule;
  delay: number;
  gate?: Promise<void>;
  open: () => void;
}

const forwarding = (): Behaviour => ({ rule: () => undefined, delay: 0, open: () => {} });

export class Recorder extends ScriptedServer {
  /** Replaced by a reset, so that an earlier request is not held or altered by a later test. */
  #behaviour = forwarding();

  constructor(upstream: string) {
    super({ upstream: () => upstream });
    this.decide = async (seen, nth) => {
      const exchange = exchangeOf(seen);
      const behaviour = this.#behaviour;
      if (behaviour.delay > 0) await sleep(behaviour.delay);
      await behaviour.gate;
      const spoiled = behaviour.rule(exchange, nth) ?? "forward";
      if (typeof spoiled === "string" || "take" in spoiled) return spoiled;
      return { ...spoiled, headers: { "x-amzn-requestid": "SPOILED", ...spoiled.headers } };
    };
  }

  get exchanges(): Exchange[] {
    return this.seen as Exchange[];
  }

  get peak(): number {
    return this.peakInFlight;
  }

  /** Forgets all recorded requests and rules. */
  reset(): void {
    this.release();
    this.forget();
    this.#behaviour = forwarding();
  }

  /** Replaces the engine's response if `rule` returns one. */
  spoil(rule: Rule): void {
    this.#behaviour.rule = rule;
  }

  /** Delays each request. */
  delay(milliseconds: number): void {
    this.#behaviour.delay = milliseconds;
  }

  /** Holds every request until `release`. */
  hold(): void {
    const behaviour = this.#behaviour;
    behaviour.gate = new Promise((resolve) => (behaviour.open = resolve));
  }

  release(): void {
    delete this.#behaviour.gate;
    this.#behaviour.open();
  }

  operations(): string[] {
    return this.exchanges.map((exchange) => exchange.operation);
  }

  override of(operation: string): Exchange[] {
    return super.of(operation) as Exchange[];
  }
}

/** Call in the body of a file or a `describe`. Each test has its own server. */
export function useRecorder(): Recorder {
  const recorder = new Recorder(inject("endpoint"));
  serveEachTest(recorder);
  return recorder;
}
