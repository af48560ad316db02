// Compares the documents with the code: snippets compile, run and print what they claim, or are part of an app that is
// run; links, paths, scripts and names exist.
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createTable } from "../index.mjs";
import { versionOf } from "./apps/runner/programs.mjs";
import { pinned } from "./apps/runner/workspace.mjs";
import { root } from "./helpers/child";
import { credentials } from "./helpers/table";

const text = (file: string): string => readFileSync(join(root, file), "utf8");
/** Returns all files in a directory, recursively. */
const below = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => !file.includes("node_modules"))
    .map((file) => join(folder, file));
/** Returns the matches of a pattern's only group. */
const found = (where: string, pattern: RegExp): string[] =>
  [...where.matchAll(pattern)].map(([, part]) => part!);
const guide = readdirSync(join(root, "docs", "guide")).map((file) => `docs/guide/${file}`);
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ".github/SECURITY.md",
  ...["docs", "examples"].flatMap(below).filter((file) => file.endsWith(".md")),
];

interface Snippet {
  name: string;
  language: string;
  code: string;
}

const snippets = ["README.md", ...guide].flatMap((file): Snippet[] =>
  [...text(file).matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, code], index) => ({
    name: `${file.replaceAll(/\W/g, "-")}-${index}`,
    language: language!,
    code: code!,
  })),
);
const ofLanguage = (...languages: string[]): Snippet[] =>
  snippets.filter(({ language }) => languages.includes(language));

describe("snippets that are programs", () => {
  const programs = ofLanguage("ts", "js");
  // In the repository, so that Node resolves this package by its name.
  const folder = join(root, ".cache", `snippets-${process.pid}`);
  const fileOf = ({ name, language }: Snippet): string =>
    `${name}.${language === "ts" ? "m" : "c"}${language}`;
  const region = "eu-west-1";
  const client = new DynamoDBClient({ endpoint: inject("endpoint"), region, credentials });
  const env = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: inject("endpoint"),
    AWS_REGION: region,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  let compiled: { stdout: string };

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    for (const snippet of programs) {
      writeFileSync(join(folder, fileOf(snippet)), snippet.code);
    }
    const config = {
      extends: "../../__test__/types/tsconfig.nodenext.json",
      compilerOptions: { noEmit: false, outDir: "out", allowJs: true, checkJs: true },
      include: ["*"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const compile = promisify(execFile)(process.execPath, [compiler], { cwd: folder });
    compiled = await compile.catch((error) => error);
  });
  afterAll(() => {
    client.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await createTable({ table: "cache", region, credentials, endpoint: inject("endpoint") });
  });
  afterEach(() => client.send(new DeleteTableCommand({ TableName: "cache" })) as Promise<any>);

  it("compile", () => {
    expect(compiled.stdout).toBe("");
  });

  // Snippets that `declare` names rely on the reader's own code, so they are compiled but not run.
  it.each(programs.filter(({ code }) => !/^declare /m.test(code)).map((one) => [one.name, one]))(
    "%s runs and prints the documented output",
    async (_, snippet) => {
      const file = join(folder, "out", fileOf(snippet).replace(/ts$/, "js"));
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { env });
      const said = found(snippet.code, /\/\/ prints: (.+)$/gm);
      expect(stderr).toBe("");
      if (said.length > 0) expect(stdout).toBe(`${said.join("\n")}\n`);
    },
  );
});

describe("snippets of an app", () => {
  const sources = ["__test__/apps", "examples"]
    .flatMap(below)
    .filter((file) => /\.m?[jt]s$/.test(file))
    .map((file) => text(file).split("\n"));

  /** Whether a file contains all lines of a snippet in order. The app may have additional lines between them. */
  function shows(file: string[], snippet: string[]): boolean {
    let at = 0;
    for (const line of file) {
      if (line === snippet[at]) at += 1;
    }
    return at === snippet.length;
  }

  it.each(ofLanguage("typescript").map((one) => [one.name, one.code]))("%s", (_, code) => {
    const lines = code.trimEnd().split("\n");
    expect(sources.filter((file) => shows(file, lines)).length, code).toBeGreaterThan(0);
  });

  it("the commands of the Lambda example match its package.json", () => {
    const { scripts } = JSON.parse(text("examples/lambda/package.json"));
    expect(text("docs/guide/deploying.md")).toContain(`npx ${scripts.bundle}\n${scripts.addon}\n`);
  });
});

describe("documented names", () => {
  it("no snippet has a language that is not checked or quoted", () => {
    const [quoted, checked] = ["sh json yaml hcl diff", "ts js typescript"];
    const known = new Set(`${quoted} ${checked}`.split(" "));
    expect(new Set(snippets.map(({ language }) => language))).toEqual(known);
  });

  it("every page of the guide is linked from the README", () => {
    for (const page of guide) expect(text("README.md")).toContain(`](${page})`);
  });

  /** The members of an interface of the published types. */
  function members(name: string): string[] {
    const body = text("types.d.ts").split(`export interface ${name} {`)[1]!.split("\n}\n")[0]!;
    return found(body, /^ {2}(\w+)\??[:(]/gm);
  }

  it("every option", () => {
    const page = text("docs/guide/options.md");
    const groups = { attributes: "DynamoDbAttributes", scan: "DynamoDbScanOptions" };
    const options = members("DynamoDbDriverOptions").filter((option) => !(option in groups));
    for (const [group, name] of Object.entries(groups)) {
      options.push(...members(name).map((option) => `${group}.${option}`));
    }
    for (const option of options) expect(page).toContain(`\n| \`${option}\` |`);
  });

  it("every method and every counter", () => {
    const methods = members("DynamoDbDriver").filter(
      (name) => !["name", "options", "flags"].includes(name),
    );
    expect(methods.length).toBeGreaterThan(10);
    for (const name of methods) expect(text("docs/guide/methods.md")).toContain(`\n| \`${name}(`);
    for (const name of members("DynamoDbCounts")) {
      expect(text("docs/guide/operations.md")).toContain(`\`${name}\``);
    }
  });

  it.each([
    ["README.md", 10_000],
    ["docs/ARCHITECTURE.md", 12_000],
    ["CONTRIBUTING.md", 6_000],
  ])("%s has at most %d bytes", (file, limit) => {
    expect(Buffer.byteLength(text(file))).toBeLessThanOrEqual(limit);
  });

  it.each(["docs/ARCHITECTURE.md", "CONTRIBUTING.md"])("%s: the files it names exist", (file) => {
    const named = found(text(file), /`((?:src|js|nitro|tests|__test__)\/[\w./-]+)`/g);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("the scripts that documents name exist", () => {
    const { scripts } = JSON.parse(text("package.json"));
    const named = documents
      .filter((file) => !file.startsWith("examples") && file !== "CHANGELOG.md")
      .flatMap((file) => found(text(file), /npm run ([\w:-]+)/g));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe("docs/guide/frameworks.md", () => {
  const versions = [
    ["nitropack", pinned("nitropack-2.12").nitropack],
    ["nitropack", pinned("nitropack-2.13").nitropack],
    ["nitro", pinned("nitro-3.0").nitro],
    ["nitro", pinned("nitro-3-beta").nitro],
    ["nuxt", pinned("nuxt-4").nuxt],
    ["esbuild", pinned("plain").esbuild],
    ...(["node22", "node24", "node26", "bun", "deno"] as const).map((one) => [one, versionOf(one)]),
  ];

  it.each(versions)("%s: names the version that is tested, %s", (_, version) => {
    expect(version).toMatch(/^\d/);
    const pattern = new RegExp(`[ ,]${version!.replaceAll(".", "\\.")}[ ,;|]`);
    expect(text("docs/guide/frameworks.md")).toMatch(pattern);
  });
});

describe("links", () => {
  const prose = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```$/gm, "");

  /** The anchors of a document's headings, as GitHub generates them. */
  const anchorsOf = (file: string): string[] =>
    found(prose(readFileSync(file, "utf8")), /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  it.each(documents)("%s: every link has a target", (document) => {
    const links = [...prose(text(document)).matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)]*)\)/g)];
    const broken = links.filter(([, path, anchor]) => {
      const target = path ? join(root, dirname(document), path) : join(root, document);
      return !existsSync(target) || (anchor && !anchorsOf(target).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
