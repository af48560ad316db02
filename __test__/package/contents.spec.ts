// What is in the tarballs: every file by name, the manifests, the sizes, and what package linters say.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformTag } from "../../scripts/lib/addon.mjs";
import { root } from "../helpers/child";
import { App, mustRun, run } from "./app";
import { tarballs } from "./packed";

const wanted = JSON.parse(readFileSync(join(root, "__test__", "package", "contents.json"), "utf8"));
const tag = platformTag();
const platformName = `@unstorage-dynamodb/binding-${tag}`;
/** Nothing but the two tarballs: what every user has at least. */
const app = new App();

beforeAll(() => app.install(tarballs().main, tarballs().platform));
afterAll(() => app.remove());

const manifest = (name: string): any =>
  JSON.parse(readFileSync(join(app.folder, "node_modules", name, "package.json"), "utf8"));

describe("files", () => {
  it("the main package holds the committed list and no addon", () => {
    expect(app.files("unstorage-dynamodb")).toEqual(wanted.main);
  });

  it("the platform package holds the committed list", () => {
    const files = wanted.platform.map((file: string) => file.replace("PLATFORM", tag)).sort();
    expect(app.files(platformName)).toEqual(files);
  });

  it("`npm pack --dry-run` in the repository gives the committed list", async () => {
    const parameters = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const { stdout } = await mustRun("npm", parameters, root);
    const paths = JSON.parse(stdout)[0].files.map((file: { path: string }) => file.path);
    expect(paths.sort()).toEqual(wanted.main);
  });

  it("the main tarball is under 60 kB", () => {
    expect(statSync(tarballs().main).size).toBeLessThan(60_000);
  });

  it("the notices name what is linked in, with the texts of its licences", () => {
    const file = join(app.folder, "node_modules", platformName, "THIRD-PARTY-NOTICES");
    const text = readFileSync(file, "utf8");
    for (const crate of ["tokio", "rustls", "ring", "hyper", "aws-config", "napi"]) {
      expect(text).toMatch(new RegExp(`^  ${crate} \\d`, "m"));
    }
    expect(text).toContain("Permission is hereby granted, free of charge");
    expect(text).toContain("Apache License");
  });
});

describe("manifests", () => {
  it("need no install script and no package at run time", () => {
    for (const name of ["unstorage-dynamodb", platformName]) {
      const { scripts = {}, dependencies = {} } = manifest(name);
      expect(dependencies).toEqual({});
      expect(
        Object.keys(scripts).filter((script) => /^(pre|post)?(install|prepare)$/.test(script)),
      ).toEqual([]);
    }
  });

  it("the main package names every platform, at exactly its own version", () => {
    const { optionalDependencies, version, napi } = manifest("unstorage-dynamodb");
    expect(Object.keys(optionalDependencies)).toHaveLength(napi.targets.length);
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]));
    expect(optionalDependencies).toHaveProperty([platformName]);
  });

  it("the platform package is for this platform alone", () => {
    const { version, os, cpu, libc, license } = manifest(platformName);
    expect({ os, cpu, license }).toEqual({
      os: [process.platform],
      cpu: [process.arch],
      license: "MIT",
    });
    expect(version).toBe(manifest("unstorage-dynamodb").version);
    const expected = { gnu: ["glibc"], musl: ["musl"] }[tag.split("-")[2] ?? ""];
    expect(libc).toEqual(expected);
  });

  it("types come first and `default` last, in every entry", () => {
    const { exports } = manifest("unstorage-dynamodb");
    expect(Object.keys(exports["."])).toEqual(["unwasm", "import", "require", "default"]);
    for (const entry of [exports["./nitro"], ...Object.values(exports["."])]) {
      if (typeof entry === "object") {
        expect([Object.keys(entry)[0], Object.keys(entry).at(-1)]).toEqual(["types", "default"]);
      }
    }
    // Each is taken before the one that follows it: Bun's bundler sets both conditions, Node the second.
    expect(Object.keys(exports["."].import)).toEqual(["types", "bun", "node-addons", "default"]);
    expect(Object.keys(exports["."].require)).toEqual(["types", "default"]);
  });
});

describe("linters", () => {
  it.each(["main", "platform"] as const)(
    "publint has nothing to say about the %s package",
    async (which) => {
      const bytes = readFileSync(tarballs()[which]);
      const tarball = new Uint8Array(bytes).buffer;
      const { messages } = await publint({ pack: { tarball }, level: "suggestion", strict: true });
      expect(messages).toEqual([]);
    },
  );

  it("are the types wrong? No, in no mode of resolution and for no entry", async () => {
    const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
    const { code, stdout } = await run(
      process.execPath,
      [attw, tarballs().main, "--no-color", "--no-emoji"],
      root,
    );
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("No problems found"),
    });
  });
});

describe("types", () => {
  it("every option is documented, with its default", () => {
    const types = readFileSync(
      join(app.folder, "node_modules/unstorage-dynamodb/types.d.ts"),
      "utf8",
    );
    const parts = types.split(/^export (?:interface|type|declare) /m);
    for (const name of ["DynamoDbDriverOptions", "DynamoDbAttributes", "DynamoDbScanOptions"]) {
      const body = parts.find((part) => part.startsWith(`${name} {`)) ?? "";
      const documented = [
        ...body.matchAll(/\/\*\*(?:(?!\*\/)[^])*@default(?:(?!\*\/)[^])*\*\/\s+(\w+)\?:/g),
      ];
      const options = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, option]) => option);
      expect(options.length).toBeGreaterThan(2);
      expect(documented.map(([, option]) => option)).toEqual(options);
    }
  });
});
