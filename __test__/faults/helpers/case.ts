// A case runs in a separate Node process and is checked for what must hold after every fault: every call settles in
// time, no resources are leaked, no secret is printed, and the process ends by itself.
import { expect } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "../../helpers/child";
import { type ScriptedEndpoint, useEndpoint } from "../../helpers/endpoint";

export const inside = new URL("./inside.mjs", import.meta.url).href;

/** tokio keeps threads for name lookups and files for some seconds. */
const blockingThreads = 8;

/** How a call ended, as reported by `settle` in the child. */
export interface Outcome {
  ms: number;
  value?: any;
  error?: any;
  shown?: string;
}

export interface PlainOptions extends ChildOptions {
  /** The options of the body's `driver`. */
  driver?: object;
}

export interface CaseOptions extends PlainOptions {
  /** Called before each attempt. There are up to three, because the machine may be busy. */
  prepare?: () => void;
  /** The limit on event loop delay in milliseconds, for scripts that block the thread themselves. Default: 50. */
  lagMs?: number;
}

/** Runs a body with the functions of inside.mjs, `options`, and a `driver` with these options in scope. */
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

/** Runs the body of a case and returns its reports. */
export async function runCase(body: string, options: CaseOptions = {}): Promise<any[]> {
  const { prepare, lagMs = 50, ...child } = options;
  const run = async (text: string) =>
    judge(await runPlain(`await start(); ${text}; report(await finish());`, child));
  const excesses: object[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    prepare?.();
    const { reports, lingeredMs, lag } = await run(body);
    if (lingeredMs < 1000 && lag < lagMs) return reports;
    // The same process without a call, as a reference for the machine's own delay.
    const control = await run("");
    const excess = { lingeredMs: lingeredMs - control.lingeredMs, lag: lag - control.lag };
    if (excess.lingeredMs < 1000 && excess.lag < lagMs) return reports;
    excesses.push(excess);
  }
  throw new Error(`the process lingers, or its event loop is blocked: ${literal(excesses)}`);
}

/** Checks what must hold even on a busy machine. */
function judge(result: ChildResult): ChildResult & { lag: number } {
  expectEnd(result, { code: 0 });
  const { pending, descriptors, threads, lag } = result.reports.pop();
  expect(pending, "every call settled").toBe(0);
  expect(descriptors, "descriptors are back").toBeLessThanOrEqual(0);
  expect(threads, "threads are back").toBeLessThanOrEqual(blockingThreads);
  return { ...result, lag };
}

/** Expects that a process ended by itself with this code, and printed neither errors nor secrets. */
export function expectEnd(result: ChildResult, { code }: { code: number }): void {
  expectNoSecret(result);
  expect(result).toMatchObject({ code, signal: null, stderr: "" });
}

/** Expects that no output contains canary secrets or values, neither printed nor in an error as a log would show it. */
export function expectNoSecret({ stdout, stderr }: Pick<ChildResult, "stdout" | "stderr">): void {
  for (const output of [stdout, stderr]) {
    const at = output.indexOf("CANARY");
    expect(at < 0 ? "" : output.slice(Math.max(0, at - 200), at + 50), "a secret").toBe("");
  }
}

/** Makes one read with a driver with these options. */
export async function read(driver: object, options: CaseOptions = {}): Promise<Outcome> {
  return (await runCase(`report(await settle(driver.getItem("k")));`, { ...options, driver }))[0];
}

interface Cases {
  endpoint: ScriptedEndpoint;
  run: typeof runCase;
  read: (driver?: object, options?: CaseOptions) => Promise<Outcome>;
}

/** Starts a scripted endpoint for each test. The drivers of its cases use it by default. */
export function useCases(): Cases {
  const endpoint = useEndpoint();
  const at = (driver?: object) => ({ endpoint: endpoint.endpoint, ...driver });
  /** Also forgets the requests of an earlier attempt. */
  const fresh = ({ prepare, ...options }: CaseOptions): CaseOptions => ({
    ...options,
    prepare() {
      endpoint.forget();
      prepare?.();
    },
  });
  return {
    endpoint,
    run: (body, options = {}) => runCase(body, { ...fresh(options), driver: at(options.driver) }),
    read: (driver, options = {}) => read(at(driver), fresh(options)),
  };
}
