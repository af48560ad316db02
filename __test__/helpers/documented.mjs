// The examples of a page of the guide as modules, so that tests run the code that users read. What a snippet does after
// its last function is left out.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { tool } from "../../scripts/lib/process.mjs";
import { root } from "../../scripts/lib/project.mjs";

/** The part of the driver's options that tests replace with those in `EXAMPLE_OPTIONS`. */
const documentedTable = `table: "cache"`;
const testedTable = "...JSON.parse(process.env.EXAMPLE_OPTIONS!)";

/**
 * Compiles the snippets of a page that export functions. A module has the name of the first one.
 *
 * @param {string} page
 * @returns {Promise<{ folder: string, remove: () => void }>}
 */
export async function documentedExamples(page) {
  // In the repository, so that Node resolves this package by its name.
  const folder = join(root, ".cache", `examples-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(root, page), "utf8");
  for (const [, code = ""] of text.matchAll(/^```ts\n([^]*?)^```$/gm)) {
    const [, name] = /^export async function (\w+)/m.exec(code) ?? [];
    if (!name) continue;
    const functions = code.slice(0, code.lastIndexOf("\n}\n") + 3);
    if (!functions.includes(documentedTable)) throw new Error(`${page}: ${name} names no table`);
    writeFileSync(join(folder, `${name}.mts`), functions.replace(documentedTable, testedTable));
  }
  const config = {
    extends: "../../__test__/types/tsconfig.nodenext.json",
    compilerOptions: { noEmit: false },
    include: ["*"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const [command, parameters] = tool("typescript", ["--project", folder], "tsc");
  await promisify(execFile)(command, parameters);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
