// What the README shows of an app's configuration is what an app of the matrix runs; and what the documents refer to is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { versionOf } from "./apps/runner/programs.mjs";
import { pinned } from "./apps/runner/workspace.mjs";
import { root } from "./helpers/child";

/** `ts` and `js` blocks are programs of their own, compiled by the suite of the package. */
const languages = new Set(["typescript", "javascript"]);
const blocks = [
  ...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```(\w+)\n([^]*?)^```$/gm),
]
  .filter(([, language]) => languages.has(language!))
  .map(([, , code]) => code!);

function sources(): string[][] {
  return ["__test__/apps", "examples"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(root, folder, file),
      ),
    )
    .filter((file) => /\.m?[jt]s$/.test(file) && !file.includes("node_modules"))
    .map((file) => readFileSync(file, "utf8").split("\n"));
}

/** Whether all lines of a snippet are in a file, in order: what only a test needs may stand between them. */
function shows(file: string[], snippet: string[]): boolean {
  let at = 0;
  for (const line of file) {
    if (line === snippet[at]) at += 1;
  }
  return at === snippet.length;
}

describe("README", () => {
  it("has snippets of configuration", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
  });

  it.each(blocks)("%# is run by an app", (code) => {
    const snippet = code.trimEnd().split("\n");
    expect(
      sources().some((file) => shows(file, snippet)),
      code,
    ).toBe(true);
  });

  it("the commands of the Lambda example are those of its package.json", () => {
    const { scripts } = JSON.parse(
      readFileSync(join(root, "examples/lambda/package.json"), "utf8"),
    );
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toContain(`npx ${scripts.bundle}\n${scripts.addon}\n`);
  });
});

describe("docs/FRAMEWORKS.md", () => {
  const text = readFileSync(join(root, "docs", "FRAMEWORKS.md"), "utf8");
  const versions = [
    ["nitropack", pinned("nitropack-2.12").nitropack],
    ["nitropack", pinned("nitropack-2.13").nitropack],
    ["nitro", pinned("nitro-3.0").nitro],
    ["nitro", pinned("nitro-3-beta").nitro],
    ["nuxt", pinned("nuxt-4").nuxt],
    ["esbuild", pinned("plain").esbuild],
    ...(["node22", "node24", "node26", "bun", "deno"] as const).map((name) => [
      name,
      versionOf(name),
    ]),
  ];

  it.each(versions)("%s: names the version that is tested, %s", (_, version) => {
    expect(version).toMatch(/^\d/);
    expect(text).toMatch(new RegExp(`[ ,]${version!.replaceAll(".", "\\.")}[ ,;|]`));
  });
});

describe("links", () => {
  const prose = (file: string): string =>
    readFileSync(file, "utf8").replaceAll(/^```[^]*?^```$/gm, "");
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    ".github/SECURITY.md",
    ...["docs", "examples"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
        .map((file) => join(folder, file)),
    ),
  ];

  /** The anchors of a document's headings, as GitHub makes them. */
  const anchorsOf = (file: string): string[] =>
    [...prose(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  it.each(documents)("%s: every one leads somewhere", (document) => {
    const links = [
      ...prose(join(root, document)).matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)]*)\)/g),
    ];
    const broken = links.filter(([, path, anchor]) => {
      const target = path ? join(root, dirname(document), path) : join(root, document);
      return !existsSync(target) || (anchor && !anchorsOf(target).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
