"use strict";

// Loads the addon at the first call of a driver method, never at import: frameworks import every driver at build
// time, and a machine without the addon must still be able to build. Success and failure are both kept: a failing
// generated loader tries some 80 files each time.

const CODE = "ERR_DYNAMODB_BINDING";
const DOCS = "https://docs.npmjs.com/cli/commands/npm-install#os";

let binding;
let failure;

module.exports = function loadNative() {
  if (failure) throw failure;
  try {
    return (binding ??= require("../binding.cjs"));
  } catch (error) {
    failure = {
      name: "DynamoDbError",
      code: CODE,
      retryable: false,
      message: explain(),
      cause: reasonOf(error),
    };
    throw failure;
  }
};

function explain() {
  const target = `${process.platform}-${process.arch}${suffix()}`;
  return (
    `[unstorage] [aws-dynamodb] The native addon for ${target} could not be loaded. ` +
    `Install it with \`npm install @unstorage-dynamodb/binding-${target}\` at the version of unstorage-dynamodb ` +
    "(an install without optional dependencies leaves it out). When you install on another platform than the one " +
    `that runs the app, name the latter with npm's --os, --cpu and --libc: ${DOCS}`
  );
}

// The end of the platform package's name.
function suffix() {
  if (process.platform === "win32") return "-msvc";
  if (process.platform !== "linux") return "";
  return process.report.getReport().header.glibcVersionRuntime ? "-gnu" : "-musl";
}

// The generated loader chains what each attempt said, 80 levels deep; the first line of the first is enough.
function reasonOf(error) {
  const first = String(error?.cause?.message ?? error?.message ?? error);
  return first.split("\n", 1)[0];
}
