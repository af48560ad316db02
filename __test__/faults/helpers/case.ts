// A case runs in a Node of its own and is judged by what holds after every fault: settled in time, one outcome each,
// nothing left open, nothing told, and the process ends by itself.
import { expect } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "../../helpers/child";

const inside = new URL("./inside.mjs", import.meta.url).href;

/** Threads for name look-ups and files, which tokio keeps for some seconds. */
const blockingThreads = 8;

/** A call's end, as `settle` in the child tells it. */
export interface Outcome {
  ms: number;
  value?: any;
  error?: any;
  shown?: string;
}

export interface CaseOptions extends ChildOptions {
  /** Before each attempt. There are up to three: a busy machine is not the driver's fault. */
  prepare?: () => void;
  /** The event loop's own limit in milliseconds, where the script itself works hard. Default: 50. */
  lagMs?: number;
}

interface Figures {
  pending: number;
  lag: number;
  descriptors: number;
  threads: number;
}

export interface CaseResult extends ChildResult {
  figures: Figures;
}

/** Source text that the body of a case starts with; `options` are those of `make`. */
function script(body: string): string {
  return `
    const { start, finish, make, settle, canary, sleep, shown, descriptors, threads, resetLag } =
      await import(${literal(inside)});
    await start();
    ${body}
    report(await finish());
  `;
}

/** Runs the body of a case; its own reports are in `reports`. */
export async function runCase(body: string, options: CaseOptions = {}): Promise<CaseResult> {
  const { prepare, lagMs = 50, ...child } = options;
  const excesses: object[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    prepare?.();
    const result = judge(await runChild(script(body), { limitMs: 60_000, ...child }));
    if (result.lingeredMs < 1000 && result.figures.lag < lagMs) return result;
    // The same process without a call: what that takes is the machine's.
    const control = judge(await runChild(script(""), child));
    const lingeredMs = result.lingeredMs - control.lingeredMs;
    const lag = result.figures.lag - control.figures.lag;
    if (lingeredMs < 1000 && lag < lagMs) return result;
    excesses.push({ lingeredMs, lag });
  }
  throw new Error(`the process lingers, or its event loop is blocked: ${literal(excesses)}`);
}

/** What no busy machine excuses. */
function judge(result: ChildResult): CaseResult {
  expectNoSecret(result);
  const ended = { code: result.code, signal: result.signal, stderr: result.stderr };
  expect(ended).toEqual({ code: 0, signal: null, stderr: "" });
  const figures: Figures = result.reports.pop();
  expect(figures.pending, "every call settled").toBe(0);
  expect(figures.descriptors, "descriptors are back").toBeLessThanOrEqual(0);
  expect(figures.threads, "threads are back").toBeLessThanOrEqual(blockingThreads);
  return { ...result, figures };
}

/** Canary secrets and values are in no output: neither printed, nor in an error as a log would show it. */
export function expectNoSecret({ stdout, stderr }: ChildResult): void {
  for (const output of [stdout, stderr]) {
    const at = output.indexOf("CANARY");
    expect(at < 0 ? "" : output.slice(Math.max(0, at - 200), at + 50), "a secret").toBe("");
  }
}
