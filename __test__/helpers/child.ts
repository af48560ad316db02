// Runs a script in a separate Node process, for tests that depend on the environment, on a first load, or on how the
// process ends. It inherits no variables.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const entry = new URL("../../index.mjs", import.meta.url).href;

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The values that the script passed to `report`, in order. */
  reports: any[];
  /** The time from the last report to the end of the process. */
  lingeredMs: number;
}

export interface ChildOptions {
  /** Variables in addition to the empty environment. */
  env?: Record<string, string>;
  /** Files in the child's home, which is also its working directory: path → text. */
  home?: Record<string, string>;
  /** The time after which the child is killed. Default: 30,000 ms. */
  limitMs?: number;
  /** A command that runs Node, such as `faketime`. Receives Node's command line as further parameters. */
  through?: string[];
  /** Flags for Node. */
  flags?: string[];
  /** Called with the child after it was started. */
  onStart?: (child: ChildProcess) => void;
  /** Called with each report. */
  onReport?: (report: any, child: ChildProcess) => void;
}

const prelude = `
import dynamoDbCacheDriver, { DynamoDbError } from ${JSON.stringify(entry)};
const report = (value) => process.stdout.write("\\u0001" + JSON.stringify(value) + "\\n");
const failure = (promise) => promise.then(
  (value) => { throw new Error("resolved with " + JSON.stringify(value)); },
  (error) => error,
);
`;

/** Runs `script` (an ES module; `dynamoDbCacheDriver`, `report` and `failure` are in scope). */
export async function runChild(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  const home = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-"));
  for (const [name, text] of Object.entries(options.home ?? {})) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return run(home, script, options).finally(() => rmSync(home, { recursive: true, force: true }));
}

async function run(home: string, script: string, options: ChildOptions): Promise<ChildResult> {
  const { limitMs = 30_000, through = [], flags = [], onStart, onReport } = options;
  const node = [process.execPath, ...flags, "--input-type=module", "--eval", prelude + script];
  const [command = "", ...parameters] = [...through, ...node];
  const child = spawn(command, parameters, {
    cwd: home,
    env: {
      HOME: home,
      USERPROFILE: home,
      PATH: process.env.PATH,
      // A real instance role must not replace a missing variable. Tests can enable it.
      AWS_EC2_METADATA_DISABLED: "true",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  const closed = once(child, "close");
  onStart?.(child);
  let [stdout, stderr, lastReport, lingeredMs] = ["", "", performance.now(), 0];
  child.stdout.on("data", (chunk) => {
    const told = onReport ? reportsIn(stdout).length : 0;
    stdout += chunk;
    lastReport = performance.now();
    if (onReport)
      reportsIn(stdout)
        .slice(told)
        .forEach((one) => onReport(one, child));
  });
  child.stderr.on("data", (chunk) => (stderr += chunk));
  child.on("exit", () => (lingeredMs = performance.now() - lastReport));
  const [code, signal] = await closed;
  return { code, signal, stdout, stderr, reports: reportsIn(stdout), lingeredMs };
}

/** Returns the reports in complete lines. */
function reportsIn(stdout: string): any[] {
  const lines = stdout.split("\n").slice(0, -1);
  return lines.flatMap((line) => (line.startsWith("\u0001") ? [JSON.parse(line.slice(1))] : []));
}

/** Source text of an object literal, for use inside a child's script. */
export const literal = (value: unknown): string => JSON.stringify(value);

/** Calls `getItem` once in a child, which reports the error or null. */
export function callInChild(
  options: Record<string, unknown>,
  child: ChildOptions,
): Promise<ChildResult> {
  return runChild(
    `const driver = dynamoDbCacheDriver(${literal(options)});
     const error = await driver.getItem("k").then(() => null, (error) => error);
     report(error && { name: error.name, code: error.code, message: error.message });`,
    child,
  );
}
