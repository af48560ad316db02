// A case runs in a Node of its own and is judged by what holds after every fault: every call settled in time, nothing is
// left open, nothing secret was printed, and the process ends by itself.
import { expect } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "../../helpers/child";
import { type ScriptedEndpoint, useEndpoint } from "../../helpers/endpoint";

export const inside = new URL("./inside.mjs", import.meta.url).href;

/** Threads for name lookups and files, which tokio keeps for some seconds. */
const blockingThreads = 8;

/** How a call ended, as `settle` in the child reports it. */
export interface Outcome {
  ms: number;
  value?: any;
  error?: any;
  shown?: string;
}

export interface PlainOptions extends ChildOptions {
  /** Options of the `driver` that the body has. */
  driver?: object;
}

export interface CaseOptions extends PlainOptions {
  /** Before each attempt. There are up to three: a busy machine is not the driver's fault. */
  prepare?: () => void;
  /** The event loop's own limit in milliseconds, where the script itself works hard. Default: 50. */
  lagMs?: number;
}

/** Runs a body in whose scope are the functions of inside.mjs, `options`, and a `driver` with them. */
export function runPlain(body: string, options: PlainOptions = {}): Promise<ChildResult> {
  const { driver = {}, ...child } = options;
  const scope = `
    const { start, finish, make, settle, settleAll, canary, sleep, descriptors, megabytes } =
      await import(${literal(inside)});
    const options = ${literal(driver)};
    const driver = make(options);
  `;
  return runChild(scope + body, { limitMs: 280_000, ...child });
}

/** Runs the body of a case, and gives its reports. */
export async function runCase(body: string, options: CaseOptions = {}): Promise<any[]> {
  const { prepare, lagMs = 50, ...child } = options;
  const run = async (text: string) =>
    judge(await runPlain(`await start(); ${text}; report(await finish());`, child));
  const excesses: object[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    prepare?.();
    const { reports, lingeredMs, lag } = await run(body);
    if (lingeredMs < 1000 && lag < lagMs) return reports;
    // The same process without a call: what that takes is the machine's.
    const control = await run("");
    const excess = { lingeredMs: lingeredMs - control.lingeredMs, lag: lag - control.lag };
    if (excess.lingeredMs < 1000 && excess.lag < lagMs) return reports;
    excesses.push(excess);
  }
  throw new Error(`the process lingers, or its event loop is blocked: ${literal(excesses)}`);
}

/** What no busy machine excuses. */
function judge(result: ChildResult): ChildResult & { lag: number } {
  expectEnd(result, { code: 0 });
  const { pending, descriptors, threads, lag } = result.reports.pop();
  expect(pending, "every call settled").toBe(0);
  expect(descriptors, "descriptors are back").toBeLessThanOrEqual(0);
  expect(threads, "threads are back").toBeLessThanOrEqual(blockingThreads);
  return { ...result, lag };
}

/** A process ended by itself with this code, and printed neither errors nor secrets. */
export function expectEnd(result: ChildResult, { code }: { code: number }): void {
  expectNoSecret(result);
  expect(result).toMatchObject({ code, signal: null, stderr: "" });
}

/** Canary secrets and values are in no output: neither printed, nor in an error as a log would show it. */
export function expectNoSecret({ stdout, stderr }: Pick<ChildResult, "stdout" | "stderr">): void {
  for (const output of [stdout, stderr]) {
    const at = output.indexOf("CANARY");
    expect(at < 0 ? "" : output.slice(Math.max(0, at - 200), at + 50), "a secret").toBe("");
  }
}

/** One read by a driver with these options. */
export async function read(driver: object, options: CaseOptions = {}): Promise<Outcome> {
  return (await runCase(`report(await settle(driver.getItem("k")));`, { ...options, driver }))[0];
}

interface Cases {
  endpoint: ScriptedEndpoint;
  run: typeof runCase;
  read: (driver?: object, options?: CaseOptions) => Promise<Outcome>;
}

/** A scripted endpoint for a file, and cases whose driver uses it unless they say otherwise. */
export function useCases(): Cases {
  const endpoint = useEndpoint();
  const at = (driver?: object) => ({ endpoint: endpoint.endpoint, ...driver });
  return {
    endpoint,
    run: (body, options = {}) => runCase(body, { ...options, driver: at(options.driver) }),
    read: (driver, options) => read(at(driver), options),
  };
}
