// Reads what an addon was built for and which libraries it loads. A package with the addon of another platform, or one
// that needs a library which users may not have, would only fail on their machines.
import { readFileSync } from "node:fs";

import { Failure } from "./steps.mjs";

/**
 * @typedef {object} Binary
 * @property {string} os as in `process.platform`
 * @property {string | undefined} cpu as in `process.arch`; undefined if it is none of ours
 * @property {string[]} needed the libraries it loads
 */

/** @typedef {{ address: number, offset: number, size: number }[]} Sections where addresses are in the file */

/** @param {Buffer} bytes @param {number} offset */
const textAt = (bytes, offset) => bytes.toString("latin1", offset, bytes.indexOf(0, offset));

/** @param {Buffer} bytes @param {number} offset */
const wordAt = (bytes, offset) => Number(bytes.readBigUInt64LE(offset));

/** @param {Sections} sections @param {number} address */
function offsetOf(sections, address) {
  const found = sections.find((one) => address >= one.address && address < one.address + one.size);
  if (found === undefined) {
    throw new RangeError(`address ${address} is not in the file`);
  }
  return found.offset + address - found.address;
}

/** @param {number} count @param {(index: number) => number} at @returns {number[]} offsets */
const table = (count, at) => Array.from({ length: count }, (_, index) => at(index));

/** @param {Buffer} bytes @returns {Binary} */
function readElf(bytes) {
  /** @type {Record<number, string>} */
  const cpus = { 62: "x64", 183: "arm64" };
  const [start, size, count] = [wordAt(bytes, 32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  const headers = table(count, (index) => start + index * size).map((at) => ({
    type: bytes.readUInt32LE(at),
    offset: wordAt(bytes, at + 8),
    address: wordAt(bytes, at + 16),
    size: wordAt(bytes, at + 32),
  }));
  const sections = headers.filter(({ type }) => type === 1);
  const dynamic = headers.find(({ type }) => type === 2) ?? { offset: 0, size: 0 };
  const entries = table(dynamic.size >> 4, (index) => dynamic.offset + index * 16).map((at) => [
    wordAt(bytes, at),
    wordAt(bytes, at + 8),
  ]);
  const strings = entries.find(([tag]) => tag === 5)?.[1] ?? 0;
  const needed = entries
    .filter(([tag]) => tag === 1)
    .map(([, name = 0]) => textAt(bytes, offsetOf(sections, strings) + name));
  return { os: "linux", cpu: cpus[bytes.readUInt16LE(18)], needed };
}

/** @param {Buffer} bytes @returns {Binary} */
function readMachO(bytes) {
  /** @type {Record<number, string>} */
  const cpus = { 0x01000007: "x64", 0x0100000c: "arm64" };
  const loads = new Set([0x0c, 0x80000018, 0x8000001f]);
  const needed = [];
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
    if (loads.has(bytes.readUInt32LE(at))) {
      needed.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)));
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return { os: "darwin", cpu: cpus[bytes.readUInt32LE(4)], needed };
}

/** @param {Buffer} bytes @returns {Binary} */
function readPe(bytes) {
  /** @type {Record<number, string>} */
  const cpus = { 0x8664: "x64", 0xaa64: "arm64" };
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  const first = optional + bytes.readUInt16LE(header + 20);
  const sections = table(bytes.readUInt16LE(header + 6), (index) => first + index * 40).map(
    (at) => ({
      address: bytes.readUInt32LE(at + 12),
      size: bytes.readUInt32LE(at + 16),
      offset: bytes.readUInt32LE(at + 20),
    }),
  );
  /** @type {string[]} */
  const needed = [];
  // Imports, and imports that are resolved on first use.
  for (const [index, size, name] of /** @type {const} */ ([
    [1, 20, 12],
    [13, 32, 4],
  ])) {
    const address = bytes.readUInt32LE(optional + 112 + index * 8);
    if (address === 0) continue;
    let at = offsetOf(sections, address);
    for (let text; (text = bytes.readUInt32LE(at + name)) !== 0; at += size) {
      needed.push(textAt(bytes, offsetOf(sections, text)));
    }
  }
  return { os: "win32", cpu: cpus[bytes.readUInt16LE(header + 4)], needed };
}

/** @param {Buffer} bytes of a 64-bit little-endian ELF, Mach-O or PE file @returns {Binary} */
export function readBinary(bytes) {
  try {
    const magic = bytes.toString("hex", 0, 6);
    if (magic === "7f454c460201") return readElf(bytes);
    if (magic.startsWith("cffaedfe")) return readMachO(bytes);
    const isPe = magic.startsWith("4d5a");
    if (isPe && textAt(bytes, bytes.readUInt32LE(0x3c)) === "PE") return readPe(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(`the addon is damaged: ${error.message}`);
  }
  throw new Failure("the addon is no shared library of Linux, macOS or Windows");
}

/** The libraries that every system of a platform has. @type {Record<string, RegExp>} */
const system = {
  gnu: /^(lib(c|m|dl|pthread|rt)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^libc\.(so|musl-\w+\.so\.1)$/,
  darwin: /^\/(usr\/lib|System\/Library)\//,
  // Not the C and C++ runtimes, which come with Visual Studio and its redistributable package.
  msvc: /^(?!vcruntime|msvc[pr]|concrt|vcomp|ucrtbase|api-ms-win-crt-).+\.dll$/i,
};

/**
 * @param {Buffer} bytes
 * @param {string} tag such as `linux-x64-gnu`
 * @returns {string[]} what is wrong with an addon for that platform
 */
export function problemsOfAddon(bytes, tag) {
  const [os = "", cpu, abi = os] = tag.split("-");
  const found = readBinary(bytes);
  if (found.os !== os || found.cpu !== cpu) {
    return [`${tag} holds an addon for ${found.os}-${found.cpu}`];
  }
  const surplus = found.needed.filter((name) => !system[abi]?.test(name));
  const needs = surplus.map((name) => `${tag} needs ${name}, which not every such system has`);
  return found.needed.length === 0 ? [`${tag} loads no library, not even the C library`] : needs;
}

/** @param {string} file @param {string} tag */
export function checkAddon(file, tag) {
  const problems = problemsOfAddon(readFileSync(file), tag);
  if (problems.length > 0) {
    throw new Failure(problems.join("\n"));
  }
}
