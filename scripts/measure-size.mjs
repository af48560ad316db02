// `npm run measure:size`: what an install of this driver takes up, and of the JavaScript SDK that it replaces. The
// numbers in README.md come from here.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { npm, quietly, run } from "./lib/process.mjs";
import { readJson } from "./lib/project.mjs";
import { main, step } from "./lib/steps.mjs";

/**
 * @param {string} folder
 * @param {string[]} packages
 */
async function install(folder, packages) {
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "app", private: true }));
  await run(...npm(["install", ...quietly, ...packages]), { cwd: folder });
}

/** @param {string} folder an app with packages installed */
function sizeOf(folder) {
  const installed = path.join(folder, "node_modules");
  // npm's own record of what it installed is no part of a package.
  const record = path.join(installed, ".package-lock.json");
  const stats = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => file !== record)
    .map((file) => statSync(file));
  const sum = (/** @type {(stat: import("node:fs").Stats) => number} */ of) =>
    (stats.reduce((total, stat) => total + of(stat), 0) / 1e6).toFixed(1);
  return {
    packages: Object.keys(JSON.parse(readFileSync(record, "utf8")).packages).length,
    files: stats.length,
    "MB of content": sum((stat) => stat.size),
    // Small files take up a block each. Windows has no such number.
    "MB on disk": sum((stat) => (stat.blocks ?? 0) * 512),
  };
}

await main(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-size-"));
  try {
    const packed = path.join(folder, "packed");
    await run(...npm(["run", "--silent", "pack:local", "--", packed]));
    const { devDependencies } = readJson("package.json");
    const sdk = ["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"];
    const candidates = {
      "unstorage-dynamodb": readdirSync(packed).map((file) => path.join(packed, file)),
      [sdk.join(" + ")]: sdk.map((name) => `${name}@${devDependencies[name]}`),
    };
    /** @type {Record<string, ReturnType<typeof sizeOf>>} */
    const sizes = {};
    for (const [name, packages] of Object.entries(candidates)) {
      const app = mkdtempSync(path.join(folder, "app-"));
      await step(`Installing ${name}`, () => install(app, packages));
      sizes[name] = sizeOf(app);
    }
    console.table(sizes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
