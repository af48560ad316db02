// Reads the tarballs that npm packs.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const block = 512;

/** @param {Buffer} header @param {number} from @param {number} to */
const field = (header, from, to) => header.toString("latin1", from, to).split("\0", 1)[0] ?? "";

/** @param {string} tarball @returns {Map<string, Buffer>} the files by their path in the package */
export function filesOf(tarball) {
  const archive = gunzipSync(readFileSync(tarball));
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  for (let at = 0; at + block <= archive.length && archive[at] !== 0;) {
    const header = archive.subarray(at, at + block);
    const size = Number.parseInt(field(header, 124, 136), 8);
    const [name, prefix] = [field(header, 0, 100), field(header, 345, 500)];
    const whole = prefix === "" ? name : `${prefix}/${name}`;
    files.set(whole.replace(/^package\//, ""), archive.subarray(at + block, at + block + size));
    at += block + Math.ceil(size / block) * block;
  }
  return files;
}

/** The registry's name for the bytes of a tarball. @param {string} tarball */
export const integrityOf = (tarball) =>
  `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
