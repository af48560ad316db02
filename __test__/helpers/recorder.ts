// A proxy in front of the real engine: shows what the driver really sends, and can spoil single answers.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { ScriptedServer, type Seen } from "./server.mjs";
import type { Split } from "./split.mjs";

export interface Spoiled {
  status: number;
  /** Text is sent as it is, anything else as JSON. */
  body: unknown;
  headers?: Record<string, string>;
}
/** No answer, on a connection that stays open. */
export const silence = { silent: true, ending: "hang" } as const;
type Decision = Spoiled | Split | typeof silence | undefined;
export type Rule = (exchange: Exchange, nthOfOperation: number) => Decision;

export interface Exchange extends Seen {
  /** From the signature: who signed, and for which region. */
  accessKeyId: string;
  region: string;
  securityToken: string | undefined;
  userAgent: string;
}

/** AWS's answer for an action that the caller's policy does not allow. */
export function accessDenied(operation: string): Spoiled {
  const who = "arn:aws:iam::123456789012:user/tester";
  const message = `User: ${who} is not authorized to perform: dynamodb:${operation}`;
  return serviceError("AccessDeniedException", message);
}

export function serviceError(name: string, message: string, status = 400): Spoiled {
  return { status, body: { __type: `com.amazon.coral.service#${name}`, message } };
}

function exchangeOf(seen: Seen): Exchange {
  const header = (name: string): string => String(seen.headers[name] ?? "");
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(header("authorization"));
  return Object.assign(seen, {
    accessKeyId: scope?.[1] ?? "",
    region: scope?.[2] ?? "",
    securityToken: seen.headers["x-amz-security-token"] as string | undefined,
    userAgent: header("user-agent"),
  });
}

export class Recorder extends ScriptedServer {
  #rule: Rule = () => undefined;
  #delay = 0;
  #gate: Promise<void> | undefined;
  #open: () => void = () => {};

  constructor(upstream: string) {
    super({ upstream: () => upstream });
    this.decide = async (seen, nth) => {
      const exchange = exchangeOf(seen);
      if (this.#delay > 0) await sleep(this.#delay);
      await this.#gate;
      const spoiled = this.#rule(exchange, nth);
      if (!spoiled || "take" in spoiled || "silent" in spoiled) return spoiled ?? "forward";
      return { ...spoiled, headers: { "x-amzn-requestid": "SPOILED", ...spoiled.headers } };
    };
  }

  get exchanges(): Exchange[] {
    return this.seen as Exchange[];
  }

  get peak(): number {
    return this.peakInFlight;
  }

  /** Forgets what was recorded and every rule. */
  reset(): void {
    this.release();
    this.forget();
    this.#rule = () => undefined;
    this.#delay = 0;
  }

  /** Answers in the engine's place wherever `rule` gives an answer. */
  spoil(rule: Rule): void {
    this.#rule = rule;
  }

  /** Waits before passing each request on. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Keeps every request back until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#gate = undefined;
    this.#open();
  }

  operations(): string[] {
    return this.exchanges.map((exchange) => exchange.operation);
  }

  override of(operation: string): Exchange[] {
    return super.of(operation) as Exchange[];
  }
}

/** Call in a file's or a `describe`'s body; what was recorded is forgotten after each test. */
export function useRecorder(): Recorder {
  const recorder = new Recorder(inject("endpoint"));
  beforeAll(async () => void (await recorder.start()));
  afterEach(() => recorder.reset());
  afterAll(() => {
    recorder.release();
    recorder.stop();
  });
  return recorder;
}
