// A clone of this repository with the commit that docs/RELEASING.md asks for before a release.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOrFail } from "../../scripts/lib/process.mjs";
import { changesOf } from "../../scripts/lib/release.mjs";
import { root } from "../helpers/child";
import { mustRun, type Result, run } from "../package/app";

export const repository = "https://github.com/example/unstorage-dynamodb";
const author = "-c user.name=Owner -c user.email=owner@example.com -c commit.gpgsign=false";

export class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-release-"));

  constructor() {
    const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    for (const file of outputOrFail("git", list).trim().split("\n")) {
      cpSync(join(root, file), join(this.folder, file));
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.git("init", "--quiet", "--initial-branch=main");
    const manifest = JSON.parse(this.read("package.json"));
    manifest.repository = { type: "git", url: `git+${repository}.git` };
    this.write("package.json", `${JSON.stringify(manifest, null, 2)}\n`);
    const changelog = this.read("CHANGELOG.md");
    if (changesOf(manifest.version, changelog) === undefined) {
      const heading = `## [${manifest.version}] - 2026-12-01`;
      this.write("CHANGELOG.md", changelog.replace("## [Unreleased]", heading));
    }
    // Each note is a paragraph.
    const examples = readdirSync(join(this.folder, "examples"));
    const notes = examples.map((example) => `examples/${example}/README.md`);
    for (const file of ["README.md", "docs/guide/deploying.md", ...notes]) {
      const paragraphs = this.read(file).split("\n\n");
      const left = paragraphs.filter((text) => !/not released yet|not on npm/i.test(text));
      this.write(file, left.join("\n\n"));
    }
    this.commit("Prepare the release");
    this.git("update-ref", "refs/remotes/origin/main", "HEAD");
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  git(...parameters: string[]): void {
    outputOrFail("git", ["-C", this.folder, ...author.split(" "), ...parameters]);
  }

  commit(message: string): void {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
  }

  /** Changes the version wherever a release has it. */
  setVersion(version: string): void {
    const before = JSON.parse(this.read("package.json")).version;
    const files = outputOrFail("git", ["-C", this.folder, "grep", "-lF", before]);
    const isNamed = (file: string): boolean =>
      /^(package\.json|README\.md|CHANGELOG\.md|Cargo\.toml|(fuzz\/)?Cargo\.lock|binding\.cjs|js\/loader\.cjs|docs\/guide\/.*|examples\/.*)$/.test(
        file,
      );
    for (const file of files.trim().split("\n").filter(isNamed)) {
      this.write(file, this.read(file).replaceAll(before, version));
    }
  }

  script(name: string, parameters: string[], env = {}): Promise<Result> {
    return run(process.execPath, [join("scripts", name), ...parameters], this.folder, env);
  }

  async mustScript(name: string, parameters: string[], env = {}): Promise<Result> {
    return mustRun(process.execPath, [join("scripts", name), ...parameters], this.folder, env);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
