// The release checks reject what they should.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  changesOf,
  type Package,
  problemsOf,
  problemsOfPackages,
  sources,
} from "../../scripts/lib/release.mjs";
import { standIn } from "../../scripts/lib/stand-ins.mjs";
import { root } from "../helpers/child";
import { run } from "./app";
import { tarballs } from "./packed";

const version = "1.2.3";
const good = {
  manifest: { version, repository: { url: "git+https://example.com/repository.git" } },
  cargo: `[package]\nname = "unstorage-dynamodb"\nversion = "${version}"\n`,
  loader: `expected ${version} but got x; expected ${version} but got y`,
  locks: { "Cargo.lock": `name = "unstorage-dynamodb"\nversion = "${version}"\n` },
  own: `const version = "${version}";\n`,
  changelog: `# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-01-01\n\n- That.\n`,
  texts: { "README.md": `npm install unstorage-dynamodb@${version}` },
};

const texts = (text: string) => ({ texts: { "docs/guide/a.md": text } });

describe("versions", () => {
  it("that agree pass", () => {
    expect(problemsOf("v1.2.3", good)).toEqual([]);
  });

  it.each([
    ["another tag", "v1.2.4", {}, "the tag is v1.2.4"],
    ["another crate", "v1.2.3", { cargo: `version = "1.2.2"\n` }, "Cargo.toml has version 1.2.2"],
    ["an older lock file", "v1.2.3", { locks: { "fuzz/Cargo.lock": "" } }, "fuzz/Cargo.lock has"],
    ["an older loader", "v1.2.3", { loader: "expected 1.2.2 but got x" }, "binding.cjs was made"],
    ["another version to load", "v1.2.3", { own: `const version = "1.2.2";` }, "js/loader.cjs has"],
    ["no changes", "v1.2.3", { changelog: "## [Unreleased]\n\n- This.\n" }, "CHANGELOG.md has no"],
    ["no date", "v1.2.3", { changelog: "## [1.2.3]\n\n- This.\n" }, "CHANGELOG.md has no"],
    ["no repository", "v1.2.3", { manifest: { version } }, "names no repository"],
    ["an older example", "v1.2.3", texts(`"unstorage-dynamodb": "1.2.2"`), "names version 1.2.2"],
    ["an older command", "v1.2.3", texts("unstorage-dynamodb@1.2.2-b.1`"), "version 1.2.2-b.1,"],
    ["an outdated note", "v1.2.3", texts("The package is not on npm."), `says "not on npm"`],
  ])("%s is rejected", (_, tag, change, said) => {
    const problems = problemsOf(tag, { ...good, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(said);
  });

  it("of this repository agree, except for what only a release has", () => {
    const given = sources();
    const problems = problemsOf(`v${given.manifest.version}`, given);
    expect(problems.filter((problem) => !/CHANGELOG|repository| says "/.test(problem))).toEqual([]);
  });
});

describe("packages", () => {
  const tags = ["linux-x64-gnu", "win32-arm64-msvc"];
  const nameOf = (tag: string): string => `@scope/binding-${tag}`;
  const file = (tag: string): string => `x.${tag}.node`;
  const platform = (
    tag: string,
    addon = standIn(tag),
    name = file(tag),
    at = version,
  ): Package => ({
    manifest: { name: nameOf(tag), version: at, os: ["any"] },
    files: new Map([[name, addon]]),
  });
  const [linux, windows] = [platform(tags[0]!), platform(tags[1]!)];
  const main = (more: object = { [nameOf(tags[0]!)]: version }): Package => ({
    manifest: {
      name: "main",
      version,
      optionalDependencies: { [nameOf(tags[1]!)]: version, ...more },
    },
    files: new Map(),
  });

  it("that belong together pass", () => {
    expect(problemsOfPackages(version, [main(), linux, windows], tags)).toEqual([]);
  });

  const other = (...more: [Buffer?, string?, string?]): Package[] => [
    main(),
    linux,
    platform(tags[1]!, ...more),
  ];
  it.each<[string, Package[], string]>([
    ["another version", other(undefined, undefined, "1"), "has version 1"],
    [
      "a missing platform",
      [main(), linux],
      "1 platform packages and 1 main packages for 2 targets",
    ],
    ["two main packages", [main(), main(), linux, windows], "2 main packages for 2 targets"],
    ["a range", [main({ [nameOf(tags[0]!)]: `^${version}` }), linux, windows], "not exactly"],
    ["a name that is not packed", [main({ "@scope/c": version }), linux, windows], "names ["],
    [
      "an addon of another system",
      other(linux.files.get(file(tags[0]!))),
      "an addon for linux-x64",
    ],
    ["an addon of another processor", other(standIn("win32-x64-msvc")), "an addon for win32-x64"],
    ["a name of another platform", other(undefined, file(tags[0]!)), `contains ${file(tags[0]!)}`],
    ["no addon", other(undefined, "README.md"), "contains no file"],
    ["a damaged addon", other(standIn(tags[1]!).subarray(0, 99)), "is damaged"],
    ["a text", other(Buffer.from("404 Not Found")), "no shared library"],
    ["a runtime DLL", other(standIn(tags[1]!, ["VCRUNTIME140.dll"])), "needs VCRUNTIME140.dll"],
  ])("%s is rejected", (_, packages, said) => {
    expect(problemsOfPackages(version, packages, tags).join("\n")).toContain(said);
  });
});

describe("scripts", () => {
  const script = (name: string, ...parameters: string[]) =>
    run(process.execPath, [join(root, "scripts", name), ...parameters], root);

  it("the changes of a version are those under its heading", () => {
    expect(changesOf("1.2.3", good.changelog)).toBe("### Added\n\n- This.");
    expect(changesOf("1.2.2", good.changelog)).toBe("- That.");
    expect(changesOf("1.2.1", good.changelog)).toBeUndefined();
  });

  it("check rejects the tag of another version and incomplete tarballs", async () => {
    const result = await script("release.mjs", "check", "v9.9.9", tarballs().folder);
    const words = /the tag is v9\.9\.9[^]*1 platform packages and 1 main packages for 8 targets/;
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
  });

  it("smoke installs this machine's tarballs, reads over TLS, and ends with reads in flight", async () => {
    const { code, stdout, stderr } = await script("smoke.mjs", tarballs().folder);
    expect(code, stderr).toBe(0);
    expect(stdout.match(/^a value over TLS$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/^1000 reads at once, 5 workers terminated$/m);
    expect(stdout).toMatch(/^ERR_DYNAMODB_CONNECTION: .* not trusted/m);
    expect(stdout).toContain(": works");
  });

  it("smoke fails if a tarball is missing", async () => {
    const empty = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-empty-"));
    try {
      const stderr = expect.stringContaining("there must be two tarballs");
      expect(await script("smoke.mjs", empty)).toMatchObject({ code: 1, stderr });
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });
});
