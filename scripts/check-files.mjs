// `npm run check:files`: the shape of the sources, where no linter looks.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import { inProject, readText } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";

const sourceDirectories = [
  "src",
  "js",
  "nitro",
  "__test__",
  "scripts",
  "bench",
  "engine",
  "models",
  "examples",
];
const linesPerFile = 400;
// Written by programs, and read by them.
const generated = /(^|\/)(package-lock\.json|pnpm-lock\.yaml)$|^bench\/results\//;
// The JavaScript layer only loads, binds and re-classes: it stays small enough to read in one sitting.
const linesOfJavaScript = 320;
// What only Nitro takes, as long as it cannot bundle an addon by itself.
const linesForNitro = 150;
// napi types stay at the boundary, so that the core builds and tests without Node.
const napiFiles = /^src\/(lib\.rs|node\.rs|node\/)/;

/** @param {string} directory */
function filesIn(directory) {
  if (!existsSync(inProject(directory))) {
    return [];
  }
  return readdirSync(inProject(directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(inProject(), path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"),
    );
}

/** @param {string} file */
const linesOf = (file) => readText(file).split("\n").length - 1;

await main(() => {
  const problems = sourceDirectories
    .flatMap(filesIn)
    .filter((file) => !generated.test(file) && linesOf(file) > linesPerFile)
    .map((file) => `${file}: ${linesOf(file)} lines, ${linesPerFile} at most`);

  /** @type {[string[], number][]} */
  const layers = [
    [["index.js", "index.mjs", ...filesIn("js")], linesOfJavaScript],
    [filesIn("nitro").filter((file) => !file.endsWith(".d.ts")), linesForNitro],
  ];
  const totals = layers.map(([files, limit]) => {
    const total = files.map(linesOf).reduce((sum, lines) => sum + lines, 0);
    if (total > limit) {
      problems.push(`${files.join(", ")}: ${total} lines together, ${limit} at most`);
    }
    return total;
  });

  for (const file of filesIn("src")) {
    if (!napiFiles.test(file) && /\bnapi/.test(readText(file))) {
      problems.push(`${file}: napi belongs to src/lib.rs, src/node.rs and src/node/`);
    }
  }
  if (problems.length > 0) {
    throw new Failure(problems.join("\n  "));
  }
  console.log(
    `sources in shape, JavaScript layer ${totals[0]} lines, entry for Nitro ${totals[1]}`,
  );
});
