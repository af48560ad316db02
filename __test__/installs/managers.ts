// The package managers, each with a cache of its own in the app: an answer of an earlier registry on the same port must
// not be used.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { tags } from "../../scripts/lib/platforms.mjs";
import { npm } from "../../scripts/lib/process.mjs";
import { type Program, programFile } from "../apps/runner/programs.mjs";
import { mustRun, type Result, run } from "../package/app";
import { registry } from "./registry";

/** A platform, as `process` and package managers name it. */
export interface Platform {
  os: string;
  cpu: string;
  libc?: string;
}

export interface Manager {
  name: string;
  program: Program;
  /** The configuration: path → text. */
  files: (url: string) => Record<string, string>;
  install: string[];
  /** How to ask for another platform: by files or by flags. */
  platform: (platform: Platform) => { files?: Record<string, string>; flags?: string[] };
  /** The command that starts Node, unless it is `node`. */
  node?: string[];
}

const flags = ({ os, cpu, libc }: Platform): string[] => [
  `--os=${os}`,
  `--cpu=${cpu}`,
  ...(libc === undefined ? [] : [`--libc=${libc}`]),
];

/** In YAML, which contains JSON. */
const supported = (platform: Platform): string => {
  const lists = Object.entries(platform).map(([key, value]) => [key, [value]]);
  return `supportedArchitectures: ${JSON.stringify(Object.fromEntries(lists))}\n`;
};

const pnpm = (name: string, settings: string): Manager => ({
  name,
  program: "pnpm",
  files: () => ({ "pnpm-workspace.yaml": settings }),
  install: ["install", "--config.cache-dir=.cache", "--store-dir=.store"],
  platform: (platform) => ({ files: { "pnpm-workspace.yaml": settings + supported(platform) } }),
});

function yarn(linker: string, node?: string[]): Manager {
  const settings = `nodeLinker: ${linker}
enableGlobalCache: false
globalFolder: .yarn/global
enableTelemetry: false
unsafeHttpWhitelist: [127.0.0.1]
npmMinimalAgeGate: 0
`;
  const file = (url: string): string => `${settings}npmRegistryServer: "${url}"\n`;
  return {
    name: `Yarn 4, ${linker}`,
    program: "yarn",
    files: (url) => ({ ".yarnrc.yml": file(url), "yarn.lock": "" }),
    install: ["install", "--no-immutable"],
    platform: (platform) => ({
      files: { ".yarnrc.yml": file(registry().url) + supported(platform) },
    }),
    node,
  };
}

export const managers: Manager[] = [
  {
    name: "npm",
    program: "node",
    files: () => ({}),
    install: ["install", "--cache=.cache", "--no-audit", "--no-fund", "--ignore-scripts"],
    platform: (platform) => ({ flags: flags(platform) }),
  },
  pnpm("pnpm 10", "hoist: true\n"),
  pnpm("pnpm 10, strict", "hoist: false\n"),
  yarn("node-modules"),
  yarn("pnp", ["yarn", "node"]),
  {
    name: "Bun",
    program: "bun",
    files: () => ({}),
    install: ["install", "--cache-dir=.cache"],
    platform: ({ os, cpu }) => ({ flags: [`--os=${os}`, `--cpu=${cpu}`] }),
  },
];

const programs: Record<string, Promise<string>> = {};

/** A user's app in a folder of its own. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-install-"));
  readonly manager;

  constructor(manager: Manager, manifest: Record<string, unknown>) {
    this.manager = manager;
    this.write("package.json", JSON.stringify({ name: "app", private: true, ...manifest }));
    for (const [file, text] of Object.entries(manager.files(registry().url))) {
      this.write(file, text);
    }
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  async #command(parameters: string[]): Promise<[string, string[]]> {
    const { program } = this.manager;
    if (program === "node") return npm(parameters);
    const file = await (programs[program] ??= programFile(program));
    return program === "bun" ? [file, parameters] : [process.execPath, [file, ...parameters]];
  }

  async install(platform?: Platform): Promise<void> {
    const { files = {}, flags: more = [] } = platform ? this.manager.platform(platform) : {};
    for (const [file, text] of Object.entries(files)) this.write(file, text);
    const command = await this.#command([...this.manager.install, ...more]);
    await mustRun(...command, this.folder, { ...registry().env, CI: "true" });
  }

  /** Runs a script of the project with Node. */
  async node(file: string, env = {}): Promise<Result> {
    const command: [string, string[]] = this.manager.node
      ? await this.#command(["node", file])
      : [process.execPath, [file]];
    return run(...command, this.folder, env);
  }

  /** The platform packages anywhere in the project, including the manager's cache and store. */
  platforms(): string[] {
    const files = readdirSync(this.folder, { recursive: true, encoding: "utf8" });
    // Metadata of a package is in a file `.json`.
    const found = files.filter((file) => !file.endsWith(".json")).join("\n");
    return tags.filter((tag) => found.includes(`binding-${tag}`)).sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
