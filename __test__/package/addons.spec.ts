// What the addons of all platforms were built for and which libraries they load, read from their headers.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addonName, platformTag, rustFlags } from "../../scripts/lib/addon.mjs";
import { problemsOfAddon, readBinary } from "../../scripts/lib/binary.mjs";
import { tagOf, targets } from "../../scripts/lib/platforms.mjs";
import { standIn } from "../../scripts/lib/stand-ins.mjs";
import { filesOf } from "../../scripts/lib/tarball.mjs";
import { tarballs } from "./packed";

const tags = targets.map(tagOf);
const addon = filesOf(tarballs().platform).get(addonName())!;

describe("an addon", () => {
  it("of this machine is recognised", () => {
    const { platform: os, arch: cpu } = process;
    expect(readBinary(addon)).toMatchObject({ os, cpu });
    expect(problemsOfAddon(addon, platformTag())).toEqual([]);
  });

  it("is accepted for its own platform only", () => {
    for (const tag of tags) {
      const accepting = tags.filter((other) => problemsOfAddon(standIn(tag), other).length === 0);
      expect(accepting).toEqual([tag]);
    }
  });

  it.each([
    ["linux-x64-gnu", "libgcc_s.so.1"],
    ["linux-arm64-musl", "libstdc++.so.6"],
    ["darwin-arm64", "/opt/homebrew/lib/libssl.3.dylib"],
    ["darwin-x64", "@rpath/libclang_rt.dylib"],
    ["win32-x64-msvc", "VCRUNTIME140.dll"],
    ["win32-x64-msvc", "vcruntime140_1.dll"],
    ["win32-arm64-msvc", "MSVCP140.dll"],
    ["win32-arm64-msvc", "api-ms-win-crt-heap-l1-1-0.dll"],
  ])("for %s that needs %s is rejected", (tag, library) => {
    const problems = problemsOfAddon(standIn(tag, [library]), tag);
    expect(problems).toEqual([expect.stringContaining(`${tag} needs ${library}`)]);
  });

  it("whose header points outside the file is damaged", () => {
    const broken = Buffer.from(standIn("win32-x64-msvc"));
    broken.writeUInt32LE(0xffff, 64 + 24 + 112 + 8);
    expect(() => readBinary(broken)).toThrow("damaged");
    // Of the real one, every part of the header.
    for (const size of [8, 63, 64, 100, 400]) {
      expect(() => readBinary(addon.subarray(0, size)), `${size} bytes`).toThrow("damaged");
    }
  });
});

describe("the compiler's flags", () => {
  it.each(targets)("for %s link the C runtime statically only on Windows", (target) => {
    const isStatic = rustFlags(target).includes("target-feature=+crt-static");
    expect(isStatic).toBe(target.includes("windows"));
  });
});

it("a tarball's files are those that npm unpacks", () => {
  const { name } = JSON.parse(String(filesOf(tarballs().main).get("package.json")));
  expect(name).toBe("unstorage-dynamodb");
  const notices = String(filesOf(tarballs().platform).get("THIRD-PARTY-NOTICES"));
  expect(notices).toBe(readFileSync("docs/THIRD-PARTY-NOTICES", "utf8"));
});
