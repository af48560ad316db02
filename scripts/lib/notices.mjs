// docs/THIRD-PARTY-NOTICES, which each platform package contains: the licences of everything that is linked in.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { targets } from "./platforms.mjs";
import { outputOrFail, run } from "./process.mjs";
import { inProject, readText } from "./project.mjs";
import { ensureTools } from "./tools.mjs";

const notices = "docs/THIRD-PARTY-NOTICES";

/** @param {string} file @param {string} name */
function listIn(file, name) {
  const toml = readText("scripts", "licences", file);
  const [, list = ""] = new RegExp(`^${name} = \\[([^\\]]*)\\]`, "m").exec(toml) ?? [];
  return [...list.matchAll(/"([^"]+)"/g)].map(([, item]) => item).sort();
}

/** In a subfolder, or with Microsoft's name. */
const isOverlooked = /\/(licen[cs]e|copying|notice)[^/]*$|^license-mit$/i;

/** @param {string} text */
const words = (text) => text.replace(/\s+/g, " ").trim();

/**
 * Returns the licences that cargo-about overlooks, most of them of C code inside a crate.
 *
 * @param {string} text what cargo-about wrote
 */
function overlooked(text) {
  const metadata = outputOrFail("cargo", ["metadata", "--frozen", "--format-version", "1"]);
  const used = new Set([...text.matchAll(/^ {2}(\S+ \d\S*)/gm)].map(([, crate]) => crate));
  /** @type {Map<string, { text: string, files: string[] }>} by contents, because crates share texts */
  const found = new Map();
  for (const { name, version, manifest_path } of JSON.parse(metadata).packages) {
    if (!used.has(`${name} ${version}`)) continue;
    const folder = path.dirname(manifest_path);
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
    for (const file of files.filter((one) => isOverlooked.test(one)).sort()) {
      const licence = readFileSync(path.join(folder, file), "utf8");
      const same = found.get(words(licence)) ?? { text: licence, files: [] };
      found.set(words(licence), { ...same, files: [...same.files, `${name} ${version}: ${file}`] });
    }
  }
  return [...found].filter(([contents]) => !words(text).includes(contents)).map(([, one]) => one);
}

/** @returns {string} the contents of the file */
function generate() {
  const config = ["--config", inProject("scripts", "licences", "about.toml")];
  const platforms = targets.flatMap((target) => ["--target", target]);
  const template = inProject("scripts", "licences", "about.hbs");
  const options = ["--frozen", "--fail", ...config, ...platforms];
  const text = outputOrFail("cargo", ["about", "generate", ...options, template])
    // Of crates without a licence text, cargo-about includes the template of their licence.
    .replaceAll("<year> <copyright holders>", "the authors of these crates");
  const more = overlooked(text).map(
    ({ text: licence, files }) =>
      `${"=".repeat(80)}\nLicence of code inside a crate\n\nFrom:\n  ${files.join("\n  ")}\n\n${licence.trim()}\n`,
  );
  return `${text.trimEnd()}\n\n${more.join("\n")}`;
}

/** @param {boolean} isWrite */
export async function checkNotices(isWrite) {
  await ensureTools("cargo-about");
  // Two tools check licences, each with its own list. The lists must match.
  const [ours, theirs] = [listIn("about.toml", "accepted"), listIn("deny.toml", "allow")];
  const isSame = ours.length > 0 && ours.join() === theirs.join();
  const problems = isSame ? [] : [`about.toml accepts [${ours}], deny.toml allows [${theirs}]`];
  // Offline, so that the texts come only from the crates and the file is reproducible.
  await run("cargo", ["fetch", "--locked", "--quiet"]);
  const text = generate();
  if (isWrite) {
    writeFileSync(inProject(notices), text);
  } else if (text !== readText(notices)) {
    problems.push(`${notices} is not what is linked in: \`npm run check -- notices --write\``);
  }
  return problems;
}
