// `npm run check [-- NAME…] [-- --reports]`: what must hold of this repository and no compiler looks at. With --reports, a
// rule or a case counts as tested only where `npm test` and `npm run test:faults` have run its tests, and they passed.
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { checkPlatforms, targets } from "./lib/platforms.mjs";
import { npm, outputOf, outputOrFail, run } from "./lib/process.mjs";
import { filesIn, inProject, readJson, readText } from "./lib/project.mjs";
import { checkReliability, checkSemantics } from "./lib/rules.mjs";
import { runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

const sourceDirectories = "src js nitro __test__ scripts bench engine fuzz examples".split(" ");
const linesPerFile = 400;
// Written by programs, and read by them.
const generated =
  /(^|\/)(package-lock\.json|pnpm-lock\.yaml|Cargo\.lock)$|^bench\/results\/|^fuzz\/(target|corpus|artifacts|seeds)\//;
// The JavaScript layer only loads, binds and re-classes: it stays small enough to read in one sitting.
const linesOfJavaScript = 345;
// What only JavaScript can do, each in a file of its own.
const features = ["js/tracing.cjs"];
const linesOfFeatures = 100;
// What only Nitro takes, as long as it cannot bundle an addon by itself.
const linesForNitro = 150;
// napi types stay at the boundary, so that the core builds and tests without Node.
const napiFiles = /^src\/(lib\.rs|bridge\.rs|bridge\/)/;

/** @param {string} file */
const linesOf = (file) => readText(file).split("\n").length - 1;

/** The sizes of files, and where napi is named. */
function checkFiles() {
  const problems = sourceDirectories
    .flatMap(filesIn)
    .filter((file) => !generated.test(file) && linesOf(file) > linesPerFile)
    .map((file) => `${file}: ${linesOf(file)} lines, ${linesPerFile} at most`);
  const binding = filesIn("js").filter((file) => !features.includes(file));
  /** @type {[string, string[], number][]} */
  const layers = [
    ["js", ["index.js", "index.mjs", ...binding], linesOfJavaScript],
    ["features in js", features, linesOfFeatures],
    ["nitro", filesIn("nitro").filter((file) => !file.endsWith(".d.ts")), linesForNitro],
  ];
  for (const [name, files, limit] of layers) {
    const total = files.map(linesOf).reduce((sum, lines) => sum + lines, 0);
    console.log(`${name}: ${total} lines of ${limit}`);
    if (total > limit) {
      problems.push(`${files.join(", ")}: ${total} lines together, ${limit} at most`);
    }
  }
  // One that tests/core.rs does not name would never run.
  const modules = readText("tests", "core.rs");
  const forgotten = filesIn("tests")
    .flatMap((file) => /^tests\/(\w+)\.rs$/.exec(file)?.[1] ?? [])
    .filter((name) => name !== "core" && !modules.includes(`mod ${name};`));
  const misplaced = filesIn("src").filter(
    (file) => !napiFiles.test(file) && /\bnapi/.test(readText(file)),
  );
  return [
    ...problems,
    ...forgotten.map((name) => `tests/${name}.rs is no module of tests/core.rs`),
    ...misplaced.map(
      (file) => `${file}: napi belongs to src/lib.rs, src/bridge.rs and src/bridge/`,
    ),
  ];
}

/** Commands and files that the documents name exist. */
function checkDocuments() {
  const { scripts } = readJson("package.json");
  const documents = ["README.md", "CONTRIBUTING.md", ".github/SECURITY.md"]
    .filter((file) => existsSync(inProject(file)))
    .concat(filesIn("docs").filter((file) => file.endsWith(".md")));
  return documents.flatMap((file) => {
    const text = readText(file);
    const named = text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g);
    const paths = text.matchAll(/`(?:node )?((?:scripts|__test__|bench|fuzz)\/[\w./-]+\.\w+)/g);
    return [...named]
      .filter(([, name = ""]) => !(name in scripts))
      .map(([, name]) => `${file}: \`npm run ${name}\` is no script of package.json`)
      .concat(
        [...paths]
          .filter(([, target = ""]) => !existsSync(inProject(target)))
          .map(([, target]) => `${file}: there is no ${target}`),
      );
  });
}

/** @param {string} file */
const licences = (file) => inProject("scripts", "licences", file);

/** @param {...string} checks of cargo-deny, for the engine too, though it is never shipped */
async function deny(...checks) {
  await ensureTools("cargo-deny");
  const config = ["--config", licences("deny.toml")];
  await run("cargo", ["deny", ...config, "--workspace", "check", ...checks]);
  return [];
}

/** Known advisories of both trees: databases that change by themselves, so only where it is asked for. */
async function checkAdvisories() {
  await deny("advisories");
  await run(...npm(["audit", "--audit-level=moderate"]));
  return [];
}

/** @param {string} file @param {string} name */
function listIn(file, name) {
  const toml = readText("scripts", "licences", file);
  const [, list = ""] = new RegExp(`^${name} = \\[([^\\]]*)\\]`, "m").exec(toml) ?? [];
  return [...list.matchAll(/"([^"]+)"/g)].map(([, item]) => item).sort();
}

/** THIRD-PARTY-NOTICES, which each platform package carries, says what is linked in. @param {boolean} isWrite */
async function checkNotices(isWrite) {
  await ensureTools("cargo-about");
  // Two tools judge licences, each by a list of its own: they must not drift apart.
  const [ours, theirs] = [listIn("about.toml", "accepted"), listIn("deny.toml", "allow")];
  const isSame = ours.length > 0 && ours.join() === theirs.join();
  const problems = isSame ? [] : [`about.toml accepts [${ours}], deny.toml allows [${theirs}]`];
  // Frozen: the texts come from the crates themselves and from nowhere else, so that the file is the same everywhere.
  await run("cargo", ["fetch", "--locked", "--quiet"]);
  const config = ["--config", licences("about.toml")];
  const platforms = targets.flatMap((target) => ["--target", target]);
  const options = ["--frozen", "--fail", ...config, ...platforms];
  const text = outputOrFail("cargo", ["about", "generate", ...options, licences("about.hbs")]);
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
 */
async function checkWorkflows() {
  const problems = filesIn(".github/workflows").flatMap((file) => {
    const text = readText(file);
    const [, jobs = ""] = text.split(/^jobs:$/m);
    const uses = [...text.matchAll(/^\s*-? *uses: (\S+)/gm)].map(([, action = ""]) => action);
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
  return outputOf("cargo", [...fuzz, "fuzz/Cargo.toml"]) === undefined
    ? ["fuzz/Cargo.lock is not current: `cargo metadata --manifest-path fuzz/Cargo.toml`"]
    : [];
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
    platforms: checkPlatforms,
    deny: () => deny("bans", "licenses", "sources"),
    notices: () => checkNotices(values.write),
    workflows: checkWorkflows,
    advisories: checkAdvisories,
  };
  const unknown = positionals.filter((name) => !(name in checks));
  if (unknown.length > 0) {
    throw new Failure(`no check "${unknown.join('", "')}": ${Object.keys(checks).join(", ")}`);
  }
  const chosen = Object.entries(checks).filter(([name]) =>
    positionals.length > 0 ? positionals.includes(name) : name !== "advisories",
  );
  await runSuites(
    chosen.map(([name, check]) => [
      name,
      async () => {
        const problems = await check();
        problems.forEach((problem) => console.error(`  ${problem}`));
        return { passed: Number(problems.length === 0), failed: problems.length };
      },
    ]),
  );
});
