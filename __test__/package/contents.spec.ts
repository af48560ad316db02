// The contents of the tarballs: every file by name, the manifests, the sizes, the addon's requirements, and the results
// of package linters.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformTag } from "../../scripts/lib/addon.mjs";
import { publishedReadme } from "../../scripts/lib/readme.mjs";
import { root } from "../helpers/child";
import { App, mustRun, run } from "./app";
import { tarballs } from "./packed";

const tag = platformTag();
const platformName = `@unstorage-dynamodb/binding-${tag}`;
/** Only the two tarballs, the minimum that every user has. */
const app = new App();
beforeAll(() => app.install(tarballs().main, tarballs().platform));
afterAll(() => app.remove());

const installed = (...path: string[]): string => join(app.folder, "node_modules", ...path);
const addon = installed(platformName, `unstorage-dynamodb.${tag}.node`);
const manifest = (name: string): any =>
  JSON.parse(readFileSync(installed(name, "package.json"), "utf8"));

describe("files", () => {
  const main = `
    CHANGELOG.md LICENSE README.md binding.cjs
    cli/addon.mjs cli/create-table.mjs cli/doctor.mjs cli/main.mjs cli/network.mjs cli/options.mjs cli/requests.mjs
    cli/result.mjs cli/table.mjs
    index.d.mts index.d.ts index.js index.mjs
    js/driver.cjs js/errors.cjs js/loader.cjs js/native.cjs js/near_cache.cjs js/node.mjs js/realm.cjs js/table.cjs js/tracing.cjs
    nitro/addon.mjs nitro/bundled.cjs nitro/index.d.ts nitro/index.js nitro/inlined.cjs nitro/unwasm.mjs
    package.json types.d.ts
  `
    .trim()
    .split(/\s+/);
  const platform = "LICENSE README.md THIRD-PARTY-NOTICES index.js inline.mjs package.json".split(
    " ",
  );

  it("are exactly those of this list", async () => {
    expect(app.files("unstorage-dynamodb")).toEqual(main);
    expect(app.files(platformName)).toEqual([...platform, `unstorage-dynamodb.${tag}.node`]);
    const parameters = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const [{ files }] = JSON.parse((await mustRun("npm", parameters, root)).stdout);
    expect(files.map(({ path }: { path: string }) => path).sort()).toEqual(main);
  });

  it("the main tarball is under 60 kB, the addon at most 8.7 MiB", () => {
    expect(statSync(tarballs().main).size).toBeLessThan(60_000);
    // It is 8.30 MiB. Optimising the driver's own crate for size would save 0.33 MiB and cost 13 to 17 % more
    // instructions per request.
    expect(statSync(addon).size).toBeLessThanOrEqual(8.7 * 1024 * 1024);
  });

  it("the notices name all linked crates, with the texts of their licences", () => {
    const text = readFileSync(installed(platformName, "THIRD-PARTY-NOTICES"), "utf8");
    for (const crate of ["tokio", "rustls", "ring", "hyper", "aws-config", "napi"]) {
      expect(text).toMatch(new RegExp(`^  ${crate} \\d`, "m"));
    }
    expect(text).toContain("Permission is hereby granted, free of charge");
    expect(text).toContain("Apache License");
    // Code inside crates, under licences of its own: libdeflate, mimalloc, fiat-crypto and BoringSSL.
    expect(text).toMatch(/^Copyright 2016 Eric Biggers$/m);
    expect(text).toMatch(/^Copyright \(c\) [\d-]+ Microsoft Corporation, Daan Leijen$/m);
    expect(text).toMatch(/^Copyright [\d-]+ the fiat-crypto authors/m);
    expect(text).toMatch(/^Copyright [\d-]+ The Chromium Authors/m);
    expect(text).toMatch(/^ {2}ring [\d.]+: src\/polyfill\/once_cell\/LICENSE-MIT$/m);
    // Of a licence without its copyright holder.
    expect(text).not.toMatch(/<year>|<copyright holders?>/);
  });

  it("the README that is published links to existing files, at the tag of its version", () => {
    const repository = { url: "git+https://github.com/owner/name.git" };
    const text = readFileSync(join(root, "README.md"), "utf8");
    const published = publishedReadme(text, { version: "1.2.3", repository });
    const links = [...published.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const own = links.flatMap(
      (link) =>
        /^https:\/\/(?:github\.com\/owner\/name\/blob|raw\.githubusercontent\.com\/owner\/name)\/v1\.2\.3\/([^#?]+)/.exec(
          link,
        )?.[1] ?? [],
    );
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(publishedReadme(text, { version: "1.2.3" })).toBe(text);
    expect(links.filter((link) => !/^(https:\/\/|#)/.test(link))).toEqual([]);
    const images = [...published.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    expect(images).toEqual([
      "https://raw.githubusercontent.com/owner/name/v1.2.3/docs/bench/overview.svg?sanitize=true",
    ]);
  });

  it("the addon contains no path of the machine that built it", () => {
    const home = process.env.HOME ?? "/root";
    expect(readFileSync(addon, "latin1").includes(`${home}/.cargo/`)).toBe(false);
  });
});

// Read with binutils. Other platforms have no such symbols.
describe.runIf(process.platform === "linux")("the addon on Linux", () => {
  const readelf = async (option: string): Promise<string> =>
    (await mustRun("readelf", [option, "--wide", addon], app.folder)).stdout;

  it("is stripped", async () => {
    const sections = await readelf("--sections");
    expect(sections).toContain(".dynsym");
    expect(sections).not.toMatch(/\.symtab|\.debug_/);
  });

  it("needs no glibc newer than 2.28, which Node itself requires", async () => {
    const versions = (await readelf("--version-info")).matchAll(/GLIBC_(\d+)\.(\d+)/g);
    const needed = [...versions].map(([, major, minor]) => Number(major) * 1000 + Number(minor));
    // musl has no symbol versions.
    expect(needed.length === 0).toBe(tag.endsWith("-musl"));
    expect(Math.max(0, ...needed)).toBeLessThanOrEqual(2028);
  });

  it("needs only the C library", async () => {
    const dynamic = await readelf("--dynamic");
    const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name!);
    expect(needed.length).toBeGreaterThan(0);
    for (const name of needed) expect(name).toMatch(/^(libc|libm|libdl|libpthread|librt|ld-)/);
  });
});

describe("manifests", () => {
  it("need no install script and no package at run time", () => {
    for (const name of ["unstorage-dynamodb", platformName]) {
      const { scripts = {}, dependencies = {} } = manifest(name);
      expect(dependencies).toEqual({});
      const isRun = (script: string): boolean => /^(pre|post)?(install|prepare)$/.test(script);
      expect(Object.keys(scripts).filter(isRun)).toEqual([]);
    }
  });

  it("the main package lists every platform, with its own exact version", () => {
    const { optionalDependencies, version, napi } = manifest("unstorage-dynamodb");
    expect(Object.keys(optionalDependencies)).toHaveLength(napi.targets.length);
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]));
    expect(optionalDependencies).toHaveProperty([platformName]);
  });

  it("the platform package is only for this platform", () => {
    const { version, os, cpu, libc, license } = manifest(platformName);
    expect({ version, os, cpu, libc, license }).toEqual({
      version: manifest("unstorage-dynamodb").version,
      os: [process.platform],
      cpu: [process.arch],
      libc: { gnu: ["glibc"], musl: ["musl"] }[tag.split("-")[2] ?? ""],
      license: "MIT",
    });
  });

  it("`types` is first and `default` last in every entry", () => {
    const { exports } = manifest("unstorage-dynamodb");
    // In the order of precedence: Bun's bundler sets both conditions, Node the second.
    const conditions = ["types", "bun", "node-addons", "default"];
    expect(Object.keys(exports["."])).toEqual(["unwasm", "import", "require", "default"]);
    expect(Object.keys(exports["."].import)).toEqual(conditions);
    for (const entry of [exports["./nitro"], exports["."].unwasm, exports["."].require]) {
      expect(Object.keys(entry)).toEqual(["types", "default"]);
    }
  });
});

describe("linters", () => {
  it.each(["main", "platform"] as const)("publint accepts the %s package", async (which) => {
    const tarball = new Uint8Array(readFileSync(tarballs()[which])).buffer;
    const { messages } = await publint({ pack: { tarball }, level: "suggestion", strict: true });
    expect(messages).toEqual([]);
  });

  it("attw finds no wrong types for any entry and resolution mode", async () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const parameters = [attw, tarballs().main, "--no-color", "--no-emoji"];
    const result = await run(process.execPath, parameters, root);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("No problems found") });
  });

  it("every option is documented, with its default", () => {
    const types = readFileSync(installed("unstorage-dynamodb", "types.d.ts"), "utf8");
    const parts = types.split(/^export (?:interface|type|declare) /m);
    for (const name of ["DynamoDbDriverOptions", "DynamoDbAttributes", "DynamoDbScanOptions"]) {
      const body = parts.find((part) => part.startsWith(`${name} {`)) ?? "";
      const comment = /\/\*\*(?:(?!\*\/)[^])*@default(?:(?!\*\/)[^])*\*\/\s+(\w+)\?:/g;
      const options = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, option]) => option);
      expect(options.length).toBeGreaterThan(2);
      expect([...body.matchAll(comment)].map(([, option]) => option)).toEqual(options);
    }
  });
});
