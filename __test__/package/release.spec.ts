// The release checks reject what they should.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { changesOf, problemsOf, problemsOfPackages, sources } from "../../scripts/lib/release.mjs";
import { root } from "../helpers/child";
import { run } from "./app";
import { tarballs } from "./packed";

const version = "1.2.3";
const good = {
  manifest: { version, repository: { url: "git+https://example.com/repository.git" } },
  cargo: `[package]\nname = "unstorage-dynamodb"\nversion = "${version}"\n`,
  loader: `expected ${version} but got x; expected ${version} but got y`,
  own: `const version = "${version}";\n`,
  changelog: `# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-01-01\n\n- That.\n`,
};

describe("versions", () => {
  it("that agree pass", () => {
    expect(problemsOf("v1.2.3", good)).toEqual([]);
  });

  it.each([
    ["another tag", "v1.2.4", {}, "the tag is v1.2.4"],
    ["another crate", "v1.2.3", { cargo: `version = "1.2.2"\n` }, "Cargo.toml has version 1.2.2"],
    ["an older loader", "v1.2.3", { loader: "expected 1.2.2 but got x" }, "binding.cjs was made"],
    ["another version to load", "v1.2.3", { own: `const version = "1.2.2";` }, "js/loader.cjs has"],
    ["no changes", "v1.2.3", { changelog: "## [Unreleased]\n\n- This.\n" }, "CHANGELOG.md has no"],
    ["no date", "v1.2.3", { changelog: "## [1.2.3]\n\n- This.\n" }, "CHANGELOG.md has no"],
    ["no repository", "v1.2.3", { manifest: { version } }, "names no repository"],
  ])("%s is", (_, tag, change, said) => {
    const problems = problemsOf(tag, { ...good, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(said);
  });

  it("of this repository agree, except for what only a release has", () => {
    const given = sources();
    const problems = problemsOf(`v${given.manifest.version}`, given);
    expect(problems.filter((problem) => !/CHANGELOG|repository/.test(problem))).toEqual([]);
  });
});

describe("packages", () => {
  const names = ["@scope/a", "@scope/b"];
  const platforms = names.map((name) => ({ name, version, os: ["linux"] }));
  const main = (optionalDependencies: object = { "@scope/a": version }): object => ({
    name: "main",
    version,
    optionalDependencies: { "@scope/b": version, ...optionalDependencies },
  });

  it("that belong together pass", () => {
    expect(problemsOfPackages(version, [main(), ...platforms], ["x", "y"])).toEqual([]);
  });

  it.each([
    ["another version", [main(), platforms[0], { ...platforms[1], version: "1" }], "has version 1"],
    ["a missing platform", [main(), platforms[0]], "1 platform packages for 2 targets"],
    ["a range", [main({ "@scope/a": `^${version}` }), ...platforms], "not exactly"],
    ["a name that is not packed", [main({ "@scope/c": version }), ...platforms], "names ["],
  ])("%s is", (_, manifests, said) => {
    expect(problemsOfPackages(version, manifests, ["x", "y"]).join("\n")).toContain(said);
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
    const words = /the tag is v9\.9\.9[^]*1 platform packages for 7 targets/;
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(words) });
  });

  it("smoke installs and loads this machine's tarballs", async () => {
    const { code, stdout, stderr } = await script("smoke.mjs", tarballs().folder);
    expect(code, stderr).toBe(0);
    const failures = /\[unstorage\] \[aws-dynamodb\] getItem on table "some-table" failed/g;
    expect(stdout.match(failures)).toHaveLength(2);
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
