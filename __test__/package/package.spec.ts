// The package as a user uses it: installed, imported, required and compiled, and without its addon.
import {
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformTag } from "../../scripts/lib/addon.mjs";
import { root } from "../helpers/child";
import { access } from "../helpers/cli";
import { engineOptions, useTable } from "../helpers/table";
import { App, run } from "./app";
import { tarballs } from "./packed";

const table = useTable();
const app = new App();
/** An app without the platform package, as with `--omit=optional`. */
const bare = new App();
const target = platformTag();
const platformName = `@unstorage-dynamodb/binding-${target}`;

beforeAll(async () => {
  const { main, platform } = tarballs();
  // unstorage is a dependency of the user, in the version that this repository tests with.
  await app.install(main, platform, "unstorage@1.17.6");
  await bare.install(main, "--omit=optional");
});
afterAll(() => {
  app.remove();
  bare.remove();
});

describe("use", () => {
  const story = `
    const storage = createStorage({ driver: driver(${JSON.stringify(engineOptions(table.name))}) });
    await storage.setItem("k", { from: "app" });
    const read = await storage.getItem("k");
    await storage.removeItem("k");
    console.log(JSON.stringify([read, await storage.getItem("k")]));
    await storage.dispose();
  `;

  it.each([
    `import driver from "unstorage-dynamodb";`,
    `import { dynamoDbCacheDriver as driver } from "unstorage-dynamodb";`,
    `const driver = require("unstorage-dynamodb");`,
    `const { default: driver } = require("unstorage-dynamodb");`,
    `const { dynamoDbCacheDriver: driver } = require("unstorage-dynamodb");`,
  ])("[API-1] %s: an item is written, read and removed", async (line) => {
    const isImport = line.startsWith("import");
    const file = isImport ? "use.mjs" : "use.cjs";
    const unstorage = isImport
      ? `import { createStorage } from "unstorage";`
      : `const { createStorage } = require("unstorage");`;
    app.write(file, `${unstorage}\n${line}\n(async () => {${story}})();`);
    const stdout = `${JSON.stringify([{ from: "app" }, null])}\n`;
    expect(await app.node(file)).toEqual({ code: 0, stdout, stderr: "" });
  });

  it("[CLI-1] [CLI-4] the command runs, and says what is missing without the addon", async () => {
    const given = ["--table", table.name, "--endpoint", String(engineOptions(table.name).endpoint)];
    const command = ({ folder }: App, name: string) =>
      run(
        join(folder, "node_modules", ".bin", "unstorage-dynamodb"),
        [name, ...given],
        folder,
        access,
      );
    // Also enables TTL.
    expect(await command(app, "create-table")).toMatchObject({ code: 0, stderr: "" });
    const { code, stdout } = await command(app, "doctor");
    expect({ code, failed: stdout.includes("✘") }, stdout).toEqual({ code: 0, failed: false });
    const without = await command(bare, "doctor");
    expect(without).toMatchObject({ code: 1, stderr: "" });
    expect(without.stdout).toMatch(/^✘ addon .* is missing/);
  });

  it.each([
    ["in Node: the entry that needs no lexer", "js/node.mjs", []],
    ["where addons are not wanted: the bundlers' entry", "index.mjs", ["--no-addons"]],
  ])("[API-1] import %s, and the same functions that require gives", async (_, file, flags) => {
    app.write(
      "entries.mjs",
      `import { createRequire } from "node:module";
       import * as imported from "unstorage-dynamodb";
       const required = createRequire(import.meta.url)("unstorage-dynamodb");
       const names = Object.keys(imported);
       const same = names.every((name) => imported[name] === required[name]);
       const file = import.meta.resolve("unstorage-dynamodb");
       // As loaders do on reload.
       const again = (await import(file + "?t=1")).default === required;
       console.log(JSON.stringify({ file, names, same, again }));`,
    );
    const { stdout, stderr } = await app.node(...flags, "entries.mjs");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      file: expect.stringMatching(new RegExp(`/node_modules/unstorage-dynamodb/${file}$`)),
      names: ["DynamoDbError", "createTable", "default", "dynamoDbCacheDriver"],
      same: true,
      again: true,
    });
  });
});

describe("TypeScript", () => {
  const resolutions = [
    ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
    ["bundler", { module: "preserve", moduleResolution: "bundler" }],
  ] as const;

  /** Returns the README's examples in one language, each as a module. */
  function examples(language: string): string[] {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const blocks = readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"));
    return [...blocks].map(([, code]) => `${code}\nexport {};\n`);
  }

  it.each(resolutions)("%s: the README's examples compile", async (_, options) => {
    const typescript = examples("ts");
    expect(typescript.length).toBeGreaterThan(0);
    typescript.forEach((code, index) => app.write(`readme/ts-${index}.mts`, code));
    const javascript = ["js", "mjs"].flatMap(examples);
    javascript.forEach((code, index) => app.write(`readme/js-${index}.mjs`, code));
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

describe("without a working addon", () => {
  const installed = (folder: string, ...path: string[]): string =>
    join(bare.folder, "node_modules", folder, ...path);

  /** Returns the errors of a first and a second call. The factory and the app continue. */
  async function failure(): Promise<{ message: string }> {
    bare.write(
      "bare.mjs",
      `import driver, { DynamoDbError } from "unstorage-dynamodb";
       const cache = driver({ table: "some-table", region: "us-east-1" });
       const fail = () => cache.getItem("k").then(() => null, (error) => error);
       const [error, again] = [await fail(), await fail()];
       console.log(JSON.stringify({
         name: cache.name, code: error.code, ours: error instanceof DynamoDbError, message: error.message,
         same: error.message === again.message, stack: error.stack.length, cause: error.cause.message,
       }));`,
    );
    const { code, stdout, stderr } = await bare.node("bare.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const said = JSON.parse(stdout);
    const expected = { name: "aws-dynamodb", code: "ERR_DYNAMODB_BINDING", ours: true, same: true };
    expect(said).toMatchObject(expected);
    // One error, without those of the loader's 80 attempts.
    expect(said.stack).toBeLessThan(2_000);
    expect(said.cause).not.toContain("\n");
    return said;
  }

  /** Copies the platform package from the working app. Returns the path of its addon. */
  function installPlatform(): string {
    rmSync(installed(platformName), { recursive: true, force: true });
    cpSync(join(app.folder, "node_modules", platformName), installed(platformName), {
      recursive: true,
    });
    return installed(platformName, `unstorage-dynamodb.${target}.node`);
  }

  it.each([
    ["npm", "package-lock.json"],
    ["pnpm", "pnpm-lock.yaml"],
    ["yarn", "yarn.lock"],
    ["bun", "bun.lock"],
  ])(
    "[ERR-12] that %s did not install: names the platform, the package, and how to install it (%s)",
    async (manager, lock) => {
      const file = join(bare.folder, lock);
      const isThere = existsSync(file);
      if (!isThere) bare.write(lock, "");
      const { message } = await failure();
      if (!isThere) rmSync(file);
      const [os, cpu, abi] = target.split("-");
      const libc = { gnu: " --libc=glibc", musl: " --libc=musl" }[abi ?? ""] ?? "";
      expect(message).toContain(`The native addon for ${target} is missing.`);
      expect(message).toContain(`${manager} installs ${platformName}@`);
      expect(message).toContain(`delete node_modules and ${lock}, and run \`${manager} install\``);
      expect(message).toContain(` --os=${os} --cpu=${cpu}${libc} `);
    },
  );

  const cut = (left: (whole: number) => number) => (file: string) =>
    truncateSync(file, left(statSync(file).size));
  const isCut = /does not load: .*\.node is truncated: .* bytes: install it again/;
  it.each<[string, (file: string) => void, RegExp]>([
    ["is missing from its package", rmSync, /is missing\./],
    // The error message of the system.
    [
      "is broken",
      (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, "no addon")),
      /does not load: (?!.*truncated).*\.node/,
    ],
    ["was cut to one page", cut(() => 4096), isCut],
    ["was cut by one byte", cut((whole) => whole - 1), isCut],
    ["was cut to nothing", cut(() => 0), isCut],
  ])("[ERR-12] that %s: an error that says so, and no crash", async (_, spoil, words) => {
    const addon = installPlatform();
    const { size } = statSync(addon);
    spoil(addon);
    const { message } = await failure();
    expect(message).toContain(`The native addon for ${target} `);
    expect(message).toMatch(words);
    if (words === isCut) expect(message).toContain(` ${statSync(addon).size} of ${size} bytes: `);
  });

  it("[ERR-12] of another version: names both versions", async () => {
    installPlatform();
    const file = installed("unstorage-dynamodb", "js", "loader.cjs");
    const text = readFileSync(file, "utf8");
    const [, version] = /^const version = "(.+)";$/m.exec(text)!;
    try {
      writeFileSync(file, text.replace(`"${version}"`, `"99.0.0"`));
      const { message } = await failure();
      expect(message).toContain(`it is version ${version}, but unstorage-dynamodb is 99.0.0`);
    } finally {
      writeFileSync(file, text);
    }
  });

  it("works again once the addon is complete", async () => {
    installPlatform();
    bare.write(
      "whole.mjs",
      `import driver from "unstorage-dynamodb";
       const cache = driver(${JSON.stringify(engineOptions(table.name))});
       await cache.setItem("whole", "v");
       console.log(await cache.getItem("whole"));
       await cache.dispose();`,
    );
    expect(await bare.node("whole.mjs")).toEqual({ code: 0, stdout: "v\n", stderr: "" });
  });
});
