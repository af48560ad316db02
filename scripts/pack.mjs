// `npm run pack:local -- DIR [--debug]`: the main package and this machine's platform package, as npm would serve them.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { addonName, ensureAddon, platformTag } from "./lib/addon.mjs";
import { npm, outputOf, run, tool } from "./lib/process.mjs";
import { inProject, readJson } from "./lib/project.mjs";
import { setup } from "./lib/setup.mjs";
import { Failure, main, step } from "./lib/steps.mjs";

const manifest = readJson("package.json");

function readArguments() {
  const { values, positionals } = parseArgs({
    options: { debug: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new Failure("Usage: npm run pack:local -- DIR [--debug]");
  }
  /** @type {import("./lib/addon.mjs").Profile} */
  const profile = values.debug ? "debug" : "release";
  return { destination: path.resolve(directory), profile };
}

/** What `files` in package.json selects, as npm itself understands it. */
function filesOfMainPackage() {
  const report = outputOf(...npm(["pack", "--dry-run", "--json", "--ignore-scripts"]));
  if (report === undefined) {
    throw new Failure("`npm pack --dry-run` failed: run it to see why.");
  }
  /** @type {string[]} */
  const files = JSON.parse(report)[0].files.map(
    (/** @type {{ path: string }} */ file) => file.path,
  );
  const entries = [
    "index.js",
    "index.mjs",
    "index.d.ts",
    "index.d.mts",
    "types.d.ts",
    "binding.cjs",
    "README.md",
    "LICENSE",
  ];
  const missing = entries.filter((file) => !files.includes(file));
  const binaries = files.filter((file) => file.endsWith(".node"));
  if (missing.length > 0 || binaries.length > 0) {
    throw new Failure(
      `The main package lacks [${missing.join(", ")}] and must not hold [${binaries.join(", ")}].`,
    );
  }
  return files;
}

/** @param {string} directory */
const packInto = (directory, /** @type {string} */ destination) =>
  run(...npm(["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", destination]), {
    cwd: directory,
  });

/** @param {string} destination */
async function packMain(destination) {
  const staging = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-pack-"));
  try {
    for (const file of filesOfMainPackage()) {
      cpSync(inProject(file), path.join(staging, file), { recursive: true });
    }
    // Named only in what is published, as `napi pre-publish` does it: before the first release they are not on npm,
    // and a lock file cannot be made with packages that do not exist.
    const names = readdirSync(inProject("npm"))
      .sort()
      .map((tag) => `${manifest.napi.packageName}-${tag}`);
    const optionalDependencies = Object.fromEntries(names.map((name) => [name, manifest.version]));
    const published = { ...manifest, optionalDependencies };
    writeFileSync(path.join(staging, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
    await packInto(staging, destination);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * @param {string} destination
 * @param {import("./lib/addon.mjs").Profile} profile
 */
async function packPlatform(destination, profile) {
  const directory = inProject("npm", platformTag());
  if (!existsSync(directory)) {
    throw new Failure(
      `No package is published for ${platformTag()}: see "targets" in package.json.`,
    );
  }
  const addon = path.join(directory, addonName());
  copyFileSync(inProject(addonName()), addon);
  if (profile === "debug" && process.platform === "linux") {
    // Two thirds of a debug addon are symbols, and every test that installs it would copy them. Without binutils they
    // stay.
    outputOf("strip", [addon]);
  }
  copyFileSync(inProject("LICENSE"), path.join(directory, "LICENSE"));
  inlineForNitro(directory);
  await packInto(directory, destination);
}

/**
 * Adds the module by which Nitro 3 puts the addon into a bundle, see nitro/inlined.cjs: `raw:` is Nitro's own.
 *
 * @param {string} directory
 */
function inlineForNitro(directory) {
  const file = path.join(directory, "package.json");
  const platform = JSON.parse(readFileSync(file, "utf8"));
  platform.files.push("inline.mjs");
  writeFileSync(file, `${JSON.stringify(platform, null, 2)}\n`);
  writeFileSync(
    path.join(directory, "inline.mjs"),
    `export { default } from "raw:./${platform.main}";\n`,
  );
}

await main(async () => {
  const { destination, profile } = readArguments();
  await setup({ engine: false, addon: false });
  await ensureAddon(profile);
  mkdirSync(destination, { recursive: true });
  await step("Packing", async () => {
    rmSync(inProject("npm"), { recursive: true, force: true });
    await run(...tool("@napi-rs/cli", ["create-npm-dirs"], "napi"));
    await packMain(destination);
    await packPlatform(destination, profile);
  });
  console.log(`\nTry it in another folder:\n\n  npm install ${path.join(destination, "*.tgz")}`);
});
