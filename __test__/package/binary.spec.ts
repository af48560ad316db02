// The addon as it is shipped, read by binutils: how large it is and what it needs of a system. It is the same question
// on every Linux; other platforms have no such symbols.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformTag } from "../../scripts/lib/addon.mjs";
import { App, mustRun } from "./app";
import { tarballs } from "./packed";

const tag = platformTag();
const app = new App();
const addon = join(
  app.folder,
  "node_modules",
  `@unstorage-dynamodb/binding-${tag}`,
  `unstorage-dynamodb.${tag}.node`,
);

beforeAll(() => app.install(tarballs().main, tarballs().platform));
afterAll(() => app.remove());

const readelf = async (option: string): Promise<string> =>
  (await mustRun("readelf", [option, "--wide", addon], app.folder)).stdout;

/** `[2, 28]` before `[2, 4]`: newest first. */
const newestFirst = (a: number[], b: number[]): number => b[0]! - a[0]! || b[1]! - a[1]!;

describe("the addon", () => {
  // It is 8.13 MiB. With the driver's own crate built for size it would be 7.8, for 13 to 17 % more instructions per request.
  it("is at most 8.25 MiB", () => {
    expect(statSync(addon).size).toBeLessThanOrEqual(8.25 * 1024 * 1024);
  });

  it("holds no path of the machine that built it", () => {
    const home = process.env.HOME ?? "/root";
    expect(readFileSync(addon, "latin1").includes(`${home}/.cargo/`)).toBe(false);
  });
});

describe.runIf(process.platform === "linux")("the addon on Linux", () => {
  it("is stripped", async () => {
    const sections = await readelf("--sections");
    expect(sections).toContain(".dynsym");
    expect(sections).not.toMatch(/\.symtab|\.debug_/);
  });

  it("needs no glibc newer than 2.28, which Node itself needs", async () => {
    const versions = [...(await readelf("--version-info")).matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
      ([, major, minor]) => [Number(major), Number(minor)],
    );
    const [newest] = versions.sort(newestFirst);
    // musl has no versions.
    expect(newest === undefined).toBe(tag.endsWith("-musl"));
    expect(
      newestFirst(newest ?? [0, 0], [2, 28]),
      `needs glibc ${newest?.join(".")}`,
    ).toBeGreaterThanOrEqual(0);
  });

  it("needs the C library and nothing else", async () => {
    const dynamic = await readelf("--dynamic");
    const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
    expect(needed.length).toBeGreaterThan(0);
    expect(needed.filter((name) => !/^(libc|libm|libdl|libpthread|librt|ld-)/.test(name!))).toEqual(
      [],
    );
  });
});
