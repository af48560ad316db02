// Runs the command line as a user does: a separate process, with an empty home and no variables but those of the test.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./child";
import { credentials, region } from "./table";

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  /** Variables in addition to those of `access`. `undefined` removes one. */
  env?: Record<string, string | undefined>;
  /** Files in the home: path → text. */
  home?: Record<string, string>;
}

/** Variables with the credentials and the region of the tests. */
export const access = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: region,
};

export async function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  const home = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-cli-"));
  for (const [name, text] of Object.entries(options.home ?? {})) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const { PATH } = process.env;
  const own = { PATH, HOME: home, USERPROFILE: home, AWS_EC2_METADATA_DISABLED: "true" };
  const env = { ...own, ...access, ...options.env } as NodeJS.ProcessEnv;
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
  const main = join(root, "cli", "main.mjs");
  return new Promise<CliResult>((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: home, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  }).finally(() => rmSync(home, { recursive: true, force: true }));
}

export interface Checked {
  code: number;
  report: any;
  /** The checks by name. */
  checks: Record<string, any>;
  /** The names of the failed checks, in order. */
  failed: string[];
}

/** Runs `doctor --json`. */
export async function runDoctor(args: string[], options?: CliOptions): Promise<Checked> {
  const { code, stdout, stderr } = await runCli(["doctor", "--json", ...args], options);
  if (stderr) throw new Error(stderr);
  const report = JSON.parse(stdout);
  const checks = Object.fromEntries(report.checks.map((check: any) => [check.name, check]));
  const isFailed = ({ state }: any) => state === "failed";
  return {
    code,
    report,
    checks,
    failed: report.checks.filter(isFailed).map(({ name }: any) => name),
  };
}
