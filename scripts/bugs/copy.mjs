// The copy of the tree that bugs are planted in, with a target folder of its own. The checkout's must not be shared:
// cargo names artifacts by paths within the workspace and judges by times, so a build of the checkout would take one
// with a bug for its own.
import { execFileSync } from "node:child_process";
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";

import { addonName } from "../lib/addon.mjs";
import { hostTarget } from "../lib/cargo.mjs";
import { cacheDirectory, inProject, root } from "../lib/project.mjs";
import { Failure } from "../lib/steps.mjs";

/** @typedef {import("./list.mjs").Bug} Bug */

const home = path.join(cacheDirectory, "bugs");
export const tree = path.join(home, "tree");
const cleanAddon = path.join(home, "clean.node");

/** @param {...string} segments */
export const inTree = (...segments) => path.join(tree, ...segments);

/**
 * Tells where in the list a bug does not fit the sources any more.
 *
 * @param {Bug[]} bugs
 */
export function checkThatTheyFit(bugs) {
  const problems = bugs.flatMap(({ name, file, find, replace, cargo, vitest }) => {
    const times = existsSync(inProject(file))
      ? readFileSync(inProject(file), "utf8").split(find).length - 1
      : 0;
    return [
      ...(times === 1
        ? []
        : [`"${name}": its text stands ${times} times in ${file}, and not once`]),
      ...(find === replace ? [`"${name}" changes nothing`] : []),
      ...(Boolean(cargo) === Boolean(vitest) ? [`"${name}" needs one proof, in one language`] : []),
    ];
  });
  const names = bugs.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  problems.push(...twice.map((name) => `"${name}" is the name of two bugs`));
  if (problems.length > 0) {
    throw new Failure(`The list of bugs does not fit the sources:\n  ${problems.join("\n  ")}`);
  }
}

/** Makes the copy anew, uncommitted changes included, around the target folder of the last run. */
export async function makeCopy() {
  mkdirSync(tree, { recursive: true });
  for (const entry of readdirSync(tree)) {
    if (entry !== "target") {
      rmSync(inTree(entry), { recursive: true, force: true });
    }
  }
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: root, encoding: "utf8" }).split("\0");
  // A file that was deleted and not yet committed is still listed.
  for (const file of files.filter((name) => name !== "" && existsSync(inProject(name)))) {
    mkdirSync(path.dirname(inTree(file)), { recursive: true });
    copyFileSync(inProject(file), inTree(file));
  }
  symlinkSync(inProject("node_modules"), inTree("node_modules"), "junction");
  await seedTarget();
}

/** Takes over what the checkout has built of the dependencies: minutes. Our own crate is built anew in any case. */
async function seedTarget() {
  if (existsSync(inTree("target"))) {
    return;
  }
  const unfinished = path.join(home, "seed");
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const tests = readdirSync(inProject("tests")).map((file) => path.basename(file, ".rs"));
  const own = new RegExp(`^(incremental|(lib)?unstorage[-_]dynamodb.*|(${tests.join("|")})-.*)$`);
  for (const folder of ["debug", path.join(hostTarget(), "debug")]) {
    if (existsSync(inProject("target", folder))) {
      await cp(inProject("target", folder), path.join(unfinished, folder), {
        recursive: true,
        // Cargo compares them.
        preserveTimestamps: true,
        mode: constants.COPYFILE_FICLONE,
        filter: (source) => !own.test(path.basename(source)),
      });
    }
  }
  // Half a copy would be taken for a whole one by the next run.
  renameSync(unfinished, inTree("target"));
}

/** Keeps the addon that has no bug, for `restore`. */
export const keepCleanAddon = () => copyFileSync(inTree(addonName()), cleanAddon);

/**
 * @param {Bug} bug
 * @returns {() => void} what takes it out again
 */
export function plant({ file, find, replace, vitest }) {
  const text = readFileSync(inTree(file), "utf8");
  // Pieces, as in a replacement `$&` and the like would mean something.
  writeFileSync(inTree(file), text.split(find).join(replace));
  return () => {
    // The file gets a new time, so cargo sees that it changed again.
    writeFileSync(inTree(file), text);
    if (vitest) {
      copyFileSync(cleanAddon, inTree(addonName()));
    }
  };
}
