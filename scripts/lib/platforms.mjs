// The platforms of published packages. package.json lists them, and all other lists are compared with it.
import { parseTriple } from "@napi-rs/cli";

import { readJson, readText } from "./project.mjs";

/** The target triples. @type {string[]} */
export const targets = readJson("package.json").napi.targets;

/** The package suffix of a target, such as `linux-x64-gnu`. @param {string} target */
export const tagOf = (target) => parseTriple(target).platformArchABI;

/** All package suffixes. */
export const tags = targets.map(tagOf);

const workflow = ".github/workflows/packages.yml";

/**
 * Lists that cannot be derived: bundlers follow only literal names, the workflow also selects the runners, and
 * cargo-deny's command line accepts only one platform.
 *
 * @type {[file: string, item: RegExp, expected: string[]][]}
 */
const lists = [
  [workflow, /\{ target: ([\w-]+),/g, targets],
  [workflow, /\{ name: ([\w-]+),/g, tags],
  ["js/loader.cjs", /\b((?:linux|darwin|win32)-[\w-]+)/g, tags],
  ["js/native.cjs", /binding-(linux-\w+-gnu)"/g, tags.filter((tag) => /^linux.*gnu$/.test(tag))],
  ["nitro/inlined.cjs", /case "([\w-]+)":/g, tags],
  ["nitro/inlined.cjs", /require\("@unstorage-dynamodb\/binding-([\w-]+)\/inline\.mjs"\)/g, tags],
  ["scripts/licences/deny.toml", /"(\w+-(?:unknown|apple|pc)-[\w-]+)"/g, targets],
  ["docs/guide/deploying.md", /`binding-([\w-]+)`/g, tags],
];

/** @returns {string[]} */
export function checkPlatforms() {
  return lists.flatMap(([file, item, expected]) => {
    const found = new Set([...readText(file).matchAll(item)].map(([, name = ""]) => name));
    const missing = expected
      .filter((name) => !found.has(name))
      .map((name) => `${file}: ${name} of package.json is missing (${item.source})`);
    const surplus = [...found]
      .filter((name) => !expected.includes(name))
      .map((name) => `${file}: ${name} is no target of package.json`);
    return missing.concat(surplus);
  });
}
