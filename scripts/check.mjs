// `npm run check [-- NAME…] [-- --reports]`: checks of the repository that no compiler or linter makes. With --reports,
// a rule or case counts as tested only if its tests passed in `npm test` and `npm run test:faults`.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";

import { checkNotices } from "./lib/notices.mjs";
import { checkPlatforms } from "./lib/platforms.mjs";
import { npm, outputOf, run } from "./lib/process.mjs";
import { filesIn, inProject, readJson, readText } from "./lib/project.mjs";
import { checkReliability, checkSemantics } from "./lib/rules.mjs";
import { runSuites } from "./lib/results.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools } from "./lib/tools.mjs";

const sourceDirectories = "src js nitro cli __test__ scripts bench engine fuzz examples".split(" ");
const linesPerFile = 400;
// Generated files.
const generated =
  /(^|\/)(package-lock\.json|pnpm-lock\.yaml|Cargo\.lock)$|^bench\/results\/|^fuzz\/(target|corpus|artifacts|seeds)\//;
// The JavaScript layer only loads, binds and converts errors. The limit keeps it easy to read.
const linesOfJavaScript = 360;
// Features that only JavaScript can provide, one per file.
const features = ["js/tracing.cjs", "js/near_cache.cjs"];
const linesOfFeatures = 315;
// Code for Nitro, needed until it can bundle addons itself.
const linesForNitro = 150;
// The commands, which a driver never loads.
const linesOfCommands = 800;
// napi types stay at the boundary, so that the core builds and tests without Node.
const napiFiles = /^src\/(lib\.rs|node\.rs|node\/)/;

/** @param {string} file */
const linesOf = (file) => readText(file).split("\n").length - 1;

/** Checks the sizes of files, and which files use napi. */
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
    ["cli", filesIn("cli"), linesOfCommands],
  ];
  for (const [name, files, limit] of layers) {
    const total = files.map(linesOf).reduce((sum, lines) => sum + lines, 0);
    console.log(`${name}: ${total} lines of ${limit}`);
    if (total > limit) {
      problems.push(`${files.join(", ")}: ${total} lines together, ${limit} at most`);
    }
  }
  // A module that tests/core.rs does not declare would never run.
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
    ...misplaced.map((file) => `${file}: napi belongs to src/lib.rs, src/node.rs and src/node/`),
  ];
}

/** Checks that the commands and files named in documents exist. */
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

/** @param {...string} checks of cargo-deny. Includes the engine, although it is never shipped. */
async function deny(...checks) {
  await ensureTools("cargo-deny");
  const config = ["--config", inProject("scripts", "licences", "deny.toml")];
  await run("cargo", ["deny", ...config, "--workspace", "check", ...checks]);
  return [];
}

/**
 * Checks both dependency trees for known advisories. Run only on request, because the databases change independently.
 */
async function checkAdvisories() {
  await deny("advisories");
  await run(...npm(["audit", "--audit-level=moderate"]));
  return [];
}

/**
 * Checks that actions are pinned by full commits and that every workflow and job declares its permissions. actionlint
 * checks the rest.
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
  // Without shellcheck and pyflakes, whose availability differs between machines.
  await run("actionlint", ["-shellcheck=", "-pyflakes="]);
  return problems;
}

/** Checks that committed generated files are up to date, so that no package contains stale ones. */
async function checkGenerated() {
  const files = ["binding.cjs", "Cargo.lock", "package-lock.json"];
  await run("git", ["ls-files", "--error-unmatch", ...files]);
  await run("git", ["diff", "--exit-code", "--", ...files]);
  // The fuzz targets are a separate workspace that no other step checks.
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
