// `npm run check [-- NAME…] [-- --reports]`: what must hold of this repository and no compiler looks at. With --reports, a
// rule or a case counts as tested only where `npm test` and `npm run test:faults` have run its tests, and they passed.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { npm, outputOf, run } from "./lib/process.mjs";
import { inProject, readJson, readText } from "./lib/project.mjs";
import { checkReliability, checkSemantics } from "./lib/rules.mjs";
import { runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

const sourceDirectories = [
  "src",
  "js",
  "nitro",
  "__test__",
  "scripts",
  "bench",
  "engine",
  "fuzz",
  "examples",
];
const linesPerFile = 400;
// Written by programs, and read by them.
const generated =
  /(^|\/)(package-lock\.json|pnpm-lock\.yaml|Cargo\.lock)$|^bench\/results\/|^fuzz\/(target|corpus|artifacts|seeds)\//;
// The JavaScript layer only loads, binds and re-classes: it stays small enough to read in one sitting.
const linesOfJavaScript = 335;
// What only Nitro takes, as long as it cannot bundle an addon by itself.
const linesForNitro = 150;
// napi types stay at the boundary, so that the core builds and tests without Node.
const napiFiles = /^src\/(lib\.rs|bridge\.rs|bridge\/)/;

/** @param {string} directory */
function filesIn(directory) {
  return readdirSync(inProject(directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(inProject(), path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"),
    );
}

/** @param {string} file */
const linesOf = (file) => readText(file).split("\n").length - 1;

/** The sizes of files, and where napi is named. @returns {string[]} */
function checkFiles() {
  const problems = sourceDirectories
    .flatMap(filesIn)
    .filter((file) => !generated.test(file) && linesOf(file) > linesPerFile)
    .map((file) => `${file}: ${linesOf(file)} lines, ${linesPerFile} at most`);
  /** @type {[string[], number][]} */
  const layers = [
    [["index.js", "index.mjs", ...filesIn("js")], linesOfJavaScript],
    [filesIn("nitro").filter((file) => !file.endsWith(".d.ts")), linesForNitro],
  ];
  for (const [files, limit] of layers) {
    const total = files.map(linesOf).reduce((sum, lines) => sum + lines, 0);
    console.log(`${path.dirname(String(files.at(-1)))}: ${total} lines of ${limit}`);
    if (total > limit) {
      problems.push(`${files.join(", ")}: ${total} lines together, ${limit} at most`);
    }
  }
  // One that tests/core.rs does not name would never run.
  const modules = readText("tests", "core.rs");
  for (const file of readdirSync(inProject("tests")).filter((name) => name.endsWith(".rs"))) {
    const name = path.basename(file, ".rs");
    if (name !== "core" && !modules.includes(`mod ${name};`)) {
      problems.push(`tests/${file} is no module of tests/core.rs`);
    }
  }
  for (const file of filesIn("src")) {
    if (!napiFiles.test(file) && /\bnapi/.test(readText(file))) {
      problems.push(`${file}: napi belongs to src/lib.rs, src/bridge.rs and src/bridge/`);
    }
  }
  return problems;
}

/** Commands that the documents name exist. @returns {string[]} */
function checkDocuments() {
  const { scripts } = readJson("package.json");
  const documents = ["README.md", "CONTRIBUTING.md", ".github/SECURITY.md"]
    .filter((file) => existsSync(inProject(file)))
    .concat(filesIn("docs").filter((file) => file.endsWith(".md")));
  return documents.flatMap((file) => {
    const text = readText(file);
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(
      ([, name]) => name,
    );
    const paths = [
      ...text.matchAll(/`(?:node )?((?:scripts|__test__|bench|fuzz)\/[\w./-]+\.\w+)/g),
    ];
    const unknown = named.filter((name = "") => !(name in scripts));
    const missing = paths.filter(([, target = ""]) => !existsSync(inProject(target)));
    return unknown
      .map((name) => `${file}: \`npm run ${name}\` is no script of package.json`)
      .concat(missing.map(([, target]) => `${file}: there is no ${target}`));
  });
}

/** What is linked in, its licences and its sources, by cargo-deny. */
async function checkDeny() {
  await ensureTools("cargo-deny");
  const config = ["--config", licences("deny.toml")];
  // --workspace: the engine too, though it is never shipped.
  await run("cargo", ["deny", ...config, "--workspace", "check", "bans", "licenses", "sources"]);
  return [];
}

/** Known advisories of both trees: databases that change by themselves, so only where it is asked for. */
async function checkAdvisories() {
  await ensureTools("cargo-deny");
  const config = ["--config", licences("deny.toml")];
  await run("cargo", ["deny", ...config, "--workspace", "check", "advisories"]);
  await run(...npm(["audit", "--audit-level=moderate"]));
  return [];
}

/** @param {string} file */
const licences = (file) => inProject("scripts", "licences", file);

/**
 * @param {string} toml
 * @param {string} name
 */
function listIn(toml, name) {
  const [, list = ""] = new RegExp(`^${name} = \\[([^\\]]*)\\]`, "m").exec(toml) ?? [];
  return [...list.matchAll(/"([^"]+)"/g)].map(([, item]) => item).sort();
}

/**
 * THIRD-PARTY-NOTICES, which each platform package carries, says what is linked in.
 *
 * @param {boolean} isWrite
 * @returns {Promise<string[]>}
 */
async function checkNotices(isWrite) {
  await ensureTools("cargo-about");
  const [about, deny] = ["about.toml", "deny.toml"].map((file) =>
    readText("scripts", "licences", file),
  );
  // Two tools judge licences, each by a list of its own: they must not drift apart.
  const pairs = /** @type {const} */ ([
    ["accepted", "allow"],
    ["targets", "targets"],
  ]);
  const problems = pairs.flatMap(([inAbout, inDeny]) => {
    const [ours, theirs] = [listIn(about ?? "", inAbout), listIn(deny ?? "", inDeny)];
    const isSame = ours.length > 0 && ours.join() === theirs.join();
    return isSame ? [] : [`about.toml and deny.toml differ in ${inAbout}: [${ours}], [${theirs}]`];
  });
  // Frozen: the texts come from the crates themselves and from nowhere else, so that the file is the same everywhere.
  await run("cargo", ["fetch", "--locked", "--quiet"]);
  const config = ["--config", licences("about.toml")];
  const parameters = ["about", "generate", "--frozen", "--fail", ...config, licences("about.hbs")];
  const text = outputOf("cargo", parameters);
  if (text === undefined) {
    throw new Failure(`\`cargo ${parameters.join(" ")}\` failed: run it to see why.`);
  }
  const file = "docs/THIRD-PARTY-NOTICES";
  if (isWrite) {
    writeFileSync(inProject(file), text);
  } else if (text !== readText(file)) {
    problems.push(`${file} is not what is linked in: \`npm run check -- notices --write\``);
  }
  return problems;
}

/**
 * Every action is pinned by a full commit, and no workflow and no job has a permission that it does not name; the rest is
 * for actionlint.
 *
 * @returns {Promise<string[]>}
 */
async function checkWorkflows() {
  const files = filesIn(".github/workflows");
  const problems = files.flatMap((file) => {
    const text = readText(file);
    const uses = [...text.matchAll(/^\s*-? *uses: (\S+)/gm)].map(([, action]) => String(action));
    const [, jobs = ""] = text.split(/^jobs:$/m);
    const loose = uses.filter((use) => !use.startsWith("./") && !/@[0-9a-f]{40}$/.test(use));
    const open = jobs
      .split(/^ {2}(?=[\w-]+:$)/m)
      .slice(1)
      .filter((job) => !/^ {4}permissions:$/m.test(job));
    return loose
      .map((action) => `${file}: ${action} is not pinned by its commit`)
      .concat(/^permissions: \{\}$/m.test(text) ? [] : `${file}: begins with permissions`)
      .concat(open.map((job) => `${file}: job ${job.split(":", 1)[0]} names no permissions`));
  });
  await ensureTools("actionlint");
  // Without shellcheck and pyflakes: what is there differs from machine to machine.
  await run("actionlint", ["-shellcheck=", "-pyflakes="]);
  return problems;
}

/** What programs write and is committed, so that a package is never made from stale files. */
async function checkGenerated() {
  const files = ["binding.cjs", "Cargo.lock", "package-lock.json"];
  await run("git", ["ls-files", "--error-unmatch", ...files]);
  await run("git", ["diff", "--exit-code", "--", ...files]);
  // The fuzz targets are a workspace of their own, which no other step looks at.
  const fuzz = ["metadata", "--locked", "--format-version", "1", "--manifest-path"];
  if (outputOf("cargo", [...fuzz, "fuzz/Cargo.toml"]) === undefined) {
    return ["fuzz/Cargo.lock is not current: `cargo metadata --manifest-path fuzz/Cargo.toml`"];
  }
  return [];
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: {
      reports: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  /** @type {Record<string, () => string[] | Promise<string[]>>} */
  const checks = {
    semantics: () => checkSemantics(values.reports),
    reliability: () => checkReliability(values.reports),
    files: checkFiles,
    documents: checkDocuments,
    generated: checkGenerated,
    deny: checkDeny,
    notices: () => checkNotices(values.write),
    workflows: checkWorkflows,
    advisories: checkAdvisories,
  };
  const unknown = positionals.filter((name) => !(name in checks));
  if (unknown.length > 0) {
    throw new Failure(`no check "${unknown.join('", "')}": ${Object.keys(checks).join(", ")}`);
  }
  const chosen =
    positionals.length > 0
      ? positionals
      : Object.keys(checks).filter((name) => name !== "advisories");
  await runSuites(
    chosen.map((name) => [
      name,
      async () => {
        const problems = (await checks[name]?.()) ?? [];
        problems.forEach((problem) => console.error(`  ${problem}`));
        return { passed: Number(problems.length === 0), failed: problems.length };
      },
    ]),
  );
});
