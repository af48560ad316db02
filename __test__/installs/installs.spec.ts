// Installs by every package manager from a registry to which the packages were published as a release publishes them.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { platformTag } from "../../scripts/lib/addon.mjs";
import { tags } from "../../scripts/lib/platforms.mjs";
import { npm } from "../../scripts/lib/process.mjs";
import { readJson } from "../../scripts/lib/project.mjs";
import { engineOptions, useTable } from "../helpers/table";
import { mustRun, run } from "../package/app";
import { type Manager, managers, Project } from "./managers";
import { registry } from "./registry";

const table = useTable();
const main = "unstorage-dynamodb";
const layer = "@unstorage-dynamodb/a-layer";
const { version } = readJson("package.json");
const nextVersion = version.replace(/\d+$/, (patch: string) => String(Number(patch) + 1));
const ours = platformTag();
const folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-published-"));

let project: Project;
function open(manager: Manager, dependencies: Record<string, string>, more = {}): Project {
  return (project = new Project(manager, { dependencies, ...more }));
}
afterEach(() => project?.remove());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const story = (from: string): string => `
  const driver = require("${from}")(${JSON.stringify(engineOptions(table.name))});
  (async () => {
    await driver.setItem("k", "seen");
    console.log(await driver.getItem("k"));
    await driver.dispose();
  })().catch((error) => console.log(error.code, error.message));
`;
/** What the story prints. */
async function told(from = main): Promise<string> {
  project.write("story.cjs", story(from));
  const { stdout, stderr } = await project.node("story.cjs");
  expect(stderr).toBe("");
  return stdout;
}

/** Publishes a folder of `folder` so that an install does not choose it by itself. */
async function publish(name: string): Promise<void> {
  await mustRun(...npm(["publish", "--tag", "test"]), join(folder, name), registry().env);
}

beforeAll(async () => {
  // The next version of the main package, without platform packages.
  const pack = ["pack", `${main}@${version}`, "--cache=.cache", "--pack-destination", folder];
  const { stdout } = await mustRun(...npm(pack), folder, registry().env);
  await mustRun("tar", ["-xzf", stdout.trim()], folder);
  renameSync(join(folder, "package"), join(folder, "next"));
  for (const file of ["package.json", "js/loader.cjs"]) {
    const text = readFileSync(join(folder, "next", file), "utf8");
    writeFileSync(join(folder, "next", file), text.replaceAll(`"${version}"`, `"${nextVersion}"`));
  }
  await publish("next");
  // A package that depends on the main package, as a framework's layer does.
  mkdirSync(join(folder, "layer"));
  const manifest = { name: layer, version: "1.0.0", dependencies: { [main]: version } };
  writeFileSync(join(folder, "layer", "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "layer", "index.js"), `module.exports = require("${main}");`);
  await publish("layer");
});

describe.each(managers.map((manager) => [manager.name, manager] as const))("%s", (_, manager) => {
  it("installs this machine's platform package and no other, and it works", async () => {
    await open(manager, { [main]: version }).install();
    expect(project.platforms()).toEqual([ours]);
    expect(await told()).toBe("seen\n");
  });

  it("installs it for a dependency", async () => {
    await open(manager, { [layer]: "1.0.0" }).install();
    expect(project.platforms()).toEqual([ours]);
    expect(await told(layer)).toBe("seen\n");
  });

  // Bun has no setting for the C library, and takes this machine's.
  const libc = manager.program === "bun" ? ours.split("-")[2]! : "musl";

  it.each([
    [`linux-arm64-${libc}`, { os: "linux", cpu: "arm64", libc }],
    ["darwin-arm64", { os: "darwin", cpu: "arm64" }],
    ["win32-arm64-msvc", { os: "win32", cpu: "arm64" }],
  ])("installs the package of %s when asked", async (tag, platform) => {
    await open(manager, { [main]: version }).install(platform);
    expect(project.platforms()).toEqual([tag]);
  });

  it("says so if the platform package is of another version", async () => {
    // All of them, because Yarn also resolves those that it does not install.
    const pinned = Object.fromEntries(
      tags.map((tag) => [`@unstorage-dynamodb/binding-${tag}`, version]),
    );
    const rules = { overrides: pinned, resolutions: pinned, pnpm: { overrides: pinned } };
    await open(manager, { [main]: nextVersion }, rules).install();
    const message = `it is version ${version}, but ${main} is ${nextVersion}`;
    expect(await told()).toMatch(new RegExp(`^ERR_DYNAMODB_BINDING .*${message}`));
  });
});

describe("npm", () => {
  const [manager] = managers as [Manager];

  it("installs this machine's package from a lock file of another platform", async () => {
    await open(manager, { [main]: version }).install({ os: "darwin", cpu: "arm64" });
    rmSync(join(project.folder, "node_modules"), { recursive: true });
    rmSync(join(project.folder, ".cache"), { recursive: true });
    await mustRun(...npm(["ci", "--cache=.cache"]), project.folder, registry().env);
    expect(project.platforms()).toEqual([ours]);
    expect(await told()).toBe("seen\n");
  });

  it("installs a version without platform packages, whose error names the missing one", async () => {
    await open(manager, { [main]: nextVersion }).install();
    expect(project.platforms()).toEqual([]);
    const message = `ERR_DYNAMODB_BINDING .* is missing\\. npm installs @unstorage-dynamodb/binding-${ours}@${nextVersion}`;
    expect(await told()).toMatch(new RegExp(`^${message}`));
  });

  it("rejects a version that is not published", async () => {
    open(manager, {});
    const install = npm(["install", `${main}@99.0.0`, "--cache=.cache"]);
    const { code, stderr } = await run(...install, project.folder, registry().env);
    expect(code).toBe(1);
    expect(stderr).toContain("ETARGET");
  });
});
