// Stand-ins for addons that this machine cannot build: files with the headers and imports of the real ones, and no
// code. Only for rehearsals of a release.
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { addonName, platformTag } from "./addon.mjs";
import { inProject } from "./project.mjs";

/** @param {string[]} names @returns {[Buffer, number[]]} zero-terminated, and where each begins */
const strings = (names) => [
  Buffer.from(`${names.join("\0")}\0`, "latin1"),
  names.map((_, index) => names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0)),
];

/** @param {number} machine @param {string[]} needed */
function elf(machine, needed) {
  const [names, offsets] = strings(needed);
  const entries = [[5, 0], ...offsets.map((at) => [1, at]), [0, 0]];
  const dynamic = 64 + 2 * 56;
  const start = dynamic + entries.length * 16;
  const file = Buffer.concat([Buffer.alloc(start), names]);
  file.write("7f454c460201", "hex");
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segments = [
    { type: 1, offset: 0, size: file.length },
    { type: 2, offset: dynamic, size: entries.length * 16 },
  ];
  segments.forEach(({ type, offset, size }, index) => {
    file.writeUInt32LE(type, 64 + index * 56);
    [8, 16].forEach((at) => file.writeBigUInt64LE(BigInt(offset), 64 + index * 56 + at));
    file.writeBigUInt64LE(BigInt(size), 64 + index * 56 + 32);
  });
  entries.forEach(([tag = 0, value = 0], index) => {
    file.writeBigUInt64LE(BigInt(tag), dynamic + index * 16);
    file.writeBigUInt64LE(BigInt(tag === 5 ? start : value), dynamic + index * 16 + 8);
  });
  return file;
}

/** @param {number} cpu @param {string[]} needed */
function machO(cpu, needed) {
  const header = Buffer.alloc(32);
  [0xfeedfacf, cpu, 0, 6, needed.length].forEach((word, index) =>
    header.writeUInt32LE(word, index * 4),
  );
  const commands = needed.map((name) => {
    const command = Buffer.alloc(24 + 8 * (1 + (name.length >> 3)));
    [0x0c, command.length, 24].forEach((word, index) => command.writeUInt32LE(word, index * 4));
    command.write(name, 24, "latin1");
    return command;
  });
  return Buffer.concat([header, ...commands]);
}

/** @param {number} machine @param {string[]} needed */
function pe(machine, needed) {
  const [header, data, address] = [64, 512, 4096];
  const optional = header + 24;
  const section = optional + 112 + 16 * 8;
  const [names, offsets] = strings(needed);
  const table = (needed.length + 1) * 20;
  const file = Buffer.concat([Buffer.alloc(data + table), names]);
  file.write("MZ");
  file.writeUInt32LE(header, 0x3c);
  file.write("PE\0\0", header, "latin1");
  file.writeUInt16LE(machine, header + 4);
  file.writeUInt16LE(1, header + 6);
  file.writeUInt16LE(section - optional, header + 20);
  file.writeUInt16LE(0x20b, optional);
  file.writeUInt32LE(address, optional + 112 + 8);
  [address, file.length - data, data].forEach((word, index) =>
    file.writeUInt32LE(word, section + 12 + index * 4),
  );
  offsets.forEach((at, index) => file.writeUInt32LE(address + table + at, data + index * 20 + 12));
  return file;
}

/** @type {Record<string, (isArm: boolean) => [(machine: number, needed: string[]) => Buffer, number, string]>} */
const formats = {
  gnu: (isArm) => [elf, isArm ? 183 : 62, "libc.so.6"],
  musl: (isArm) => [elf, isArm ? 183 : 62, "libc.so"],
  darwin: (isArm) => [machO, isArm ? 0x0100000c : 0x01000007, "/usr/lib/libSystem.B.dylib"],
  msvc: (isArm) => [pe, isArm ? 0xaa64 : 0x8664, "KERNEL32.dll"],
};

/**
 * @param {string} tag such as `linux-x64-gnu`
 * @param {string[]} more libraries, in addition to the system's
 */
export function standIn(tag, more = []) {
  const [os = "", cpu, abi = os] = tag.split("-");
  const format = formats[abi]?.(cpu === "arm64");
  if (format === undefined) {
    throw new RangeError(`no stand-in for ${tag}`);
  }
  const [make, machine, library] = format;
  return make(machine, [library, ...more]);
}

/** Writes this machine's addon, and a stand-in for every other. @param {string} folder @param {string[]} tags */
export function writeAddons(folder, tags) {
  for (const tag of tags) {
    const file = path.join(folder, addonName(tag));
    if (tag === platformTag()) copyFileSync(inProject(addonName()), file);
    else writeFileSync(file, standIn(tag));
  }
}
