"use strict";

// What all ways to load the addon share, those of nitro/ too: one try, and one error that says what to do.
const { AsyncResource } = require("node:async_hooks");

// As package.json has it, which would be one more file to find and read at the first call.
const version = "0.1.0";

const PLATFORMS = ["x64-gnu", "arm64-gnu", "x64-musl", "arm64-musl"].map((end) => `linux-${end}`);
PLATFORMS.push("darwin-arm64", "darwin-x64", "win32-x64-msvc");
const FAILURE_MS = 1000; // for which one is kept: a failing generated loader tries some 80 files
const MISSING = /^Cannot find module/;

module.exports = function loader(loadIt) {
  // In the async context of the import: the addon keeps the one that it is loaded in, which would be a request's.
  const load = AsyncResource.bind(loadIt);
  let addon, failure, failedAt;
  return function loadOnce() {
    if (addon) return addon;
    if (failure && performance.now() - failedAt < FAILURE_MS) throw failure;
    try {
      const loaded = load();
      if (loaded.VERSION === version) return (addon = loaded);
      throw new Error(`it is of version ${loaded.VERSION}, unstorage-dynamodb of ${version}`);
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
  // What is there but does not load says more than what is not there.
  const cause = reasons.find((reason) => !MISSING.test(reason)) ?? reasons[0];
  const state = MISSING.test(cause) ? "is missing" : `does not load: ${cause}`;
  const libc = os === "linux" ? ` --libc=${abi === "gnu" ? "glibc" : abi}` : "";
  const remedy = !PLATFORMS.includes(tag)
    ? `There is one for ${PLATFORMS.join(", ")}`
    : `npm installs @unstorage-dynamodb/binding-${tag}@${version} by itself, but not with --omit=optional. ` +
      `From a machine of another platform: \`npm install --os=${os} --cpu=${cpu}${libc}\``;
  const message = `[unstorage] [aws-dynamodb] The native addon for ${tag} ${state}. ${error.remedy ?? remedy}.`;
  return { name: "DynamoDbError", code: "ERR_DYNAMODB_BINDING", retryable: false, message, cause };
}

// The platform, as its package is named.
module.exports.platformTag = platformTag;
function platformTag() {
  const { platform, arch, report } = process;
  if (platform !== "linux") return `${platform}-${arch}${platform === "win32" ? "-msvc" : ""}`;
  const { excludeNetwork } = report;
  report.excludeNetwork = true; // or it looks up the name of every peer
  const { glibcVersionRuntime } = report.getReport().header;
  report.excludeNetwork = excludeNetwork;
  return `linux-${arch}-${glibcVersionRuntime ? "gnu" : "musl"}`;
}

// The generated loader chains what it tried, the first innermost.
const reasonsOf = (error) =>
  error ? [...reasonsOf(error.cause), String(error.message).split("\n", 1)[0]] : [];
