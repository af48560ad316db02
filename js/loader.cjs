"use strict";

// Shared by all ways of loading the addon, including those in nitro/: loads it once and explains a failure.
const { AsyncResource } = require("node:async_hooks");
const { existsSync } = require("node:fs");

// Must match package.json, which is not read here to save file access on the first call.
const version = "0.1.0";

const PLATFORMS =
  "linux-x64-gnu, linux-arm64-gnu, linux-x64-musl, linux-arm64-musl, " +
  "darwin-arm64, darwin-x64, win32-x64-msvc, win32-arm64-msvc";
// The lock files of package managers other than npm, to name the one in use.
const LOCKS = ["pnpm-lock.yaml", "yarn.lock", "bun.lock"];
const FAILURE_MS = 1000; // how long a failure is cached: the generated loader tries about 80 files
const MISSING = /^Cannot find module/;

class Import extends AsyncResource {}
Import.prototype.hasRef = () => false; // otherwise Jest's --detectOpenHandles lists it

module.exports = function loader(loadIt) {
  // Load in the async context of the import. The addon keeps the context it is loaded in, which would be that of a
  // request.
  const context = new Import("unstorage-dynamodb");
  let addon, failure, failedAt;
  return function loadOnce() {
    if (addon) return addon;
    if (failure && performance.now() - failedAt < FAILURE_MS) throw failure;
    try {
      const loaded = context.runInAsyncScope(loadIt);
      if (loaded.VERSION === version) return (addon = loaded);
      throw new Error(`it is version ${loaded.VERSION}, but unstorage-dynamodb is ${version}`);
    } catch (error) {
      failure = explained(error);
      failedAt = performance.now();
      throw failure;
    }
  };
};

function explained(error) {
  const tag = platformTag();
  const [os, cpu, abi] = tag.split("-");
  const reasons = reasonsOf(error.cause ?? error);
  // A file that fails to load is more informative than one that is missing.
  const cause = reasons.find((reason) => !MISSING.test(reason)) ?? reasons[0];
  const state = MISSING.test(cause) ? "is missing" : `does not load: ${cause}`;
  const libc = os === "linux" ? ` --libc=${abi === "gnu" ? "glibc" : abi}` : "";
  const app = typeof __dirname === "string" && __dirname.replace(/\W(node_modules|\.yarn)\W.*/, "");
  const lock = LOCKS.find((file) => existsSync(`${app}/${file}`)) ?? "package-lock.json";
  const [manager] = /pnpm|yarn|bun/.exec(lock) ?? ["npm"];
  const remedy = !PLATFORMS.includes(tag)
    ? `Supported platforms: ${PLATFORMS}`
    : `${manager} installs @unstorage-dynamodb/binding-${tag}@${version} by default, but not if it omits optional ` +
      `dependencies. If it did not, delete node_modules and ${lock}, and run \`${manager} install\`. To install ` +
      `for another platform, add --os=${os} --cpu=${cpu}${libc} (pnpm and Yarn: supportedArchitectures)`;
  const message = `[unstorage] [aws-dynamodb] The native addon for ${tag} ${state}. ${error.remedy ?? remedy}.`;
  return { name: "DynamoDbError", code: "ERR_DYNAMODB_BINDING", retryable: false, message, cause };
}

// The platform suffix of the package name.
module.exports.platformTag = platformTag;
function platformTag() {
  const { platform, arch, report, versions } = process;
  if (versions.webcontainer) return "webcontainer"; // says it is Linux on x64, and may have no process.report
  if (platform !== "linux") return `${platform}-${arch}${platform === "win32" ? "-msvc" : ""}`;
  const { excludeNetwork } = report;
  report.excludeNetwork = true; // otherwise getReport does a reverse DNS lookup for every peer
  const { glibcVersionRuntime } = report.getReport().header;
  report.excludeNetwork = excludeNetwork;
  return `linux-${arch}-${glibcVersionRuntime ? "gnu" : "musl"}`;
}

// The generated loader chains its attempts as causes, with the first one innermost.
const reasonsOf = (error) =>
  error ? [...reasonsOf(error.cause), String(error.message).split("\n", 1)[0]] : [];
