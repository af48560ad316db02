// The package as a user gets it: packed, installed, imported, required, compiled.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../helpers/child";
import { engineOptions, useTable } from "../helpers/table";
import { App, mustRun } from "./app";

const table = useTable();
const tarballs = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-pack-"));
const app = new App();
/** An app in which npm left the platform package out, as with `--omit=optional`. */
const bare = new App();
const platform = `${process.platform}-${process.arch}`;
let main = "";
let native = "";

beforeAll(async () => {
  await mustRun("npm", ["run", "--silent", "pack:local", "--", tarballs], root);
  const packed = readdirSync(tarballs).filter((name) => name.endsWith(".tgz"));
  expect(packed).toHaveLength(2);
  native = join(
    tarballs,
    packed.find((name) => name.includes(platform))!,
  );
  main = join(
    tarballs,
    packed.find((name) => !name.includes(platform))!,
  );
  // unstorage is the user's own dependency, in the version that this repository is tested with.
  await app.install(main, native, "unstorage@1.17.6");
  await bare.install(main, "--omit=optional");
});
afterAll(() => {
  for (const folder of [tarballs, app.folder, bare.folder]) {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("contents", () => {
  it("the main package is JavaScript and types only, and nothing unexpected", () => {
    expect(app.files("unstorage-dynamodb")).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "binding.cjs",
      "index.d.mts",
      "index.d.ts",
      "index.js",
      "index.mjs",
      "js/driver.cjs",
      "js/errors.cjs",
      "js/loader.cjs",
      "js/native.cjs",
      "js/table.cjs",
      "nitro/addon.mjs",
      "nitro/bundled.cjs",
      "nitro/index.d.ts",
      "nitro/index.js",
      "nitro/inlined.cjs",
      "nitro/unwasm.mjs",
      "package.json",
      "types.d.ts",
    ]);
  });

  it("the platform package is one addon", () => {
    const [scoped] = readdirSync(join(app.folder, "node_modules", "@unstorage-dynamodb"));
    const files = app.files(join("@unstorage-dynamodb", scoped!));
    expect(files.filter((file) => file.endsWith(".node"))).toHaveLength(1);
    expect(
      files.filter(
        (file) => !/\.node$|^inline\.mjs$|^package\.json$|^README\.md$|^LICENSE$/.test(file),
      ),
    ).toEqual([]);
  });

  it("needs no install script and no package at run time", () => {
    const manifest = join(app.folder, "node_modules", "unstorage-dynamodb", "package.json");
    const { scripts = {}, dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
    expect(dependencies).toEqual({});
    expect(Object.keys(scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
  });
});

describe("use", () => {
  const story = (tag: string): string => `
    const storage = createStorage({ driver: driver(${JSON.stringify(engineOptions(table.name))}) });
    await storage.setItem("${tag}", { from: "${tag}" });
    const read = await storage.getItem("${tag}");
    await storage.removeItem("${tag}");
    const gone = await storage.getItem("${tag}");
    console.log(JSON.stringify({ read, gone }));
    await storage.dispose();
  `;
  const expected = (tag: string): string =>
    `${JSON.stringify({ read: { from: tag }, gone: null })}\n`;

  it.each([
    ["default", `import driver from "unstorage-dynamodb";`],
    ["named", `import { dynamoDbCacheDriver as driver } from "unstorage-dynamodb";`],
  ])("[API-1] import, %s export: an item goes round", async (tag, line) => {
    app.write("import.mjs", `import { createStorage } from "unstorage";\n${line}\n${story(tag)}`);
    expect(await app.node("import.mjs")).toEqual({ code: 0, stdout: expected(tag), stderr: "" });
  });

  it.each([
    ["itself", `const driver = require("unstorage-dynamodb");`],
    ["default", `const { default: driver } = require("unstorage-dynamodb");`],
    ["named", `const { dynamoDbCacheDriver: driver } = require("unstorage-dynamodb");`],
  ])("[API-1] require, the module %s: an item goes round", async (tag, line) => {
    const body = `const { createStorage } = require("unstorage");\n${line}`;
    app.write("require.cjs", `${body}\n(async () => {${story(tag)}})();`);
    expect(await app.node("require.cjs")).toEqual({ code: 0, stdout: expected(tag), stderr: "" });
  });
});

describe("TypeScript", () => {
  const resolutions = [
    ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
    ["bundler", { module: "preserve", moduleResolution: "bundler" }],
  ] as const;

  /** The README's examples of one language, each a module of its own. */
  function examples(language: string): string[] {
    const blocks = readFileSync(join(root, "README.md"), "utf8").matchAll(
      /^```(\w+)\n([^]*?)^```$/gm,
    );
    return [...blocks]
      .filter(([, found]) => found === language)
      .map(([, , code]) => `${code}\nexport {};\n`);
  }

  it.each(resolutions)("%s: the README's examples compile", async (_, options) => {
    const typescript = examples("ts").map(
      (code, index) => [`readme/ts-${index}.mts`, code] as const,
    );
    const javascript = ["js", "mjs"].flatMap(examples);
    const all = [
      ...typescript,
      ...javascript.map((code, index) => [`readme/js-${index}.mjs`, code] as const),
    ];
    expect(typescript.length).toBeGreaterThan(0);
    for (const [path, code] of all) app.write(path, code);
    const checked = { ...options, allowJs: true, checkJs: true };
    expect(await app.tsc(checked, ["readme"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it.each(resolutions)("%s: a wrong option does not compile", async (_, options) => {
    const wrong = `import driver from "unstorage-dynamodb";\ndriver({ table: 5 });\n`;
    app.write("wrong/index.mts", wrong);
    const { code, stdout } = await app.tsc(options, ["wrong"]);
    expect(code).not.toBe(0);
    expect(stdout).toContain("wrong/index.mts(2,");
  });
});

describe("without the platform package", () => {
  it("[ERR-12] the factory works; the first call says which platform and what to install", async () => {
    bare.write(
      "bare.mjs",
      `import driver, { DynamoDbError } from "unstorage-dynamodb";
       const cache = driver({ table: "some-table", region: "us-east-1" });
       const error = await cache.getItem("k").then(() => null, (error) => error);
       console.log(JSON.stringify({
         name: cache.name, code: error.code, ours: error instanceof DynamoDbError, message: error.message,
       }));`,
    );
    const { code, stdout, stderr } = await bare.node("bare.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ name: "aws-dynamodb", code: "ERR_DYNAMODB_BINDING", ours: true });
    expect(said.message).toContain(platform);
    expect(said.message).toMatch(new RegExp(`@unstorage-dynamodb/[a-z-]*${platform}`));
  });
});
