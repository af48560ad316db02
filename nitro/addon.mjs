// Loads the addon through js/native.cjs if the package exists as a directory, or from the bytes in a Nitro bundle.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import loader from "../js/loader.cjs";
import inlined from "./inlined.cjs";

// The package's entry point. It exists in development and if the package was traced (`traceDeps`). The tracer follows
// this URL; without it, the traced package would lack the files that Node loads.
const entry = new URL("../index.mjs", import.meta.url);

const ADVICE =
  'Add `traceDeps: ["unstorage-dynamodb"]` or `modules: ["unstorage-dynamodb/nitro"]` to the configuration of Nitro';

let load;

export default function loadAddon() {
  load ??= ofPackage() ?? loader(fromBundle);
  return load();
}

function ofPackage() {
  try {
    return createRequire(entry)("./js/native.cjs");
  } catch {
    return undefined;
  }
}

function fromBundle() {
  const tag = loader.platformTag();
  const bytes = inlined(tag);
  if (!bytes) throw new Error(`Cannot find module for ${tag} in the bundle of Nitro`);
  const addon = { exports: {} };
  let folder;
  try {
    folder = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-"));
    const file = path.join(folder, "addon.node");
    writeFileSync(file, bytes, { mode: 0o500 });
    process.dlopen(addon, file);
  } catch (error) {
    error.remedy = `${ADVICE}, which needs no temporary file`;
    throw error;
  } finally {
    remove(folder);
  }
  const hint = `Nitro bundled the native addon as text. ${ADVICE}, for a faster first call and less memory.`;
  process.emitWarning(`[unstorage] [aws-dynamodb] ${hint}`, "DynamoDbWarning");
  return addon.exports;
}

// Windows does not allow deleting a loaded file.
function remove(folder) {
  try {
    if (folder) rmSync(folder, { recursive: true, force: true });
  } catch {
    // Left for the system to clean up.
  }
}
