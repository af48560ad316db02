// A user's project in a separate folder, with the packed tarballs installed by npm.
import { execFile, type ExecFileException } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { root } from "../helpers/child";

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program without npm's environment, as a user's shell would, but with `more`. */
export function run(command: string, args: string[], cwd: string, more = {}): Promise<Result> {
  const isInherited = (name: string): boolean => !/^npm_(?!config_)|^NODE_|^VITEST/.test(name);
  const inherited = Object.entries(process.env).filter(([name]) => isInherited(name));
  const env = { ...Object.fromEntries(inherited), ...more };
  return new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** Like `run`, for steps that must succeed. */
export async function mustRun(
  command: string,
  args: string[],
  cwd: string,
  more = {},
): Promise<Result> {
  const result = await run(command, args, cwd, more);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
  }
  return result;
}

export class App {
  readonly folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-app-"));

  /** Installs packages without scripts, which the package must not need. */
  async install(...packages: string[]): Promise<void> {
    this.write("package.json", JSON.stringify({ name: "app", private: true }));
    const flags = "--no-audit --no-fund --ignore-scripts --prefer-offline --no-progress".split(" ");
    await mustRun("npm", ["install", ...flags, ...packages], this.folder);
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  node(...parameters: string[]): Promise<Result> {
    return run(process.execPath, parameters, this.folder);
  }

  /** Returns the files of an installed package, sorted. */
  files(name: string): string[] {
    const folder = join(this.folder, "node_modules", name);
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile())
      .map((found) => relative(folder, join(found.parentPath, found.name)).split(sep).join("/"))
      .sort();
  }

  /** Runs this repository's TypeScript on the app's files, with the user's module resolution. */
  tsc(options: Record<string, unknown>, include: string[]): Promise<Result> {
    const compilerOptions = {
      target: "ES2023",
      lib: ["ES2023"],
      strict: true,
      noEmit: true,
      // unstorage's declarations import packages that are not installed.
      skipLibCheck: true,
      typeRoots: [join(root, "node_modules", "@types")],
      types: ["node"],
      ...options,
    };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, include }));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    return run(process.execPath, [compiler, "--project", "tsconfig.json"], this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
