// What the README shows of an app's configuration is what an app of the matrix runs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./helpers/child";

/** `ts` and `js` blocks are programs of their own, compiled by the suite of the package. */
const languages = new Set(["typescript", "javascript"]);
const blocks = [
  ...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```(\w+)\n([^]*?)^```$/gm),
]
  .filter(([, language]) => languages.has(language!))
  .map(([, , code]) => code!);

function sources(): string[][] {
  return ["__test__/apps", "examples"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(root, folder, file),
      ),
    )
    .filter((file) => /\.m?[jt]s$/.test(file) && !file.includes("node_modules"))
    .map((file) => readFileSync(file, "utf8").split("\n"));
}

/** Whether all lines of a snippet are in a file, in order: what only a test needs may stand between them. */
function shows(file: string[], snippet: string[]): boolean {
  let at = 0;
  for (const line of file) {
    if (line === snippet[at]) at += 1;
  }
  return at === snippet.length;
}

describe("README", () => {
  it("has snippets of configuration", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
  });

  it.each(blocks)("%# is run by an app", (code) => {
    const snippet = code.trimEnd().split("\n");
    expect(
      sources().some((file) => shows(file, snippet)),
      code,
    ).toBe(true);
  });

  it("the commands of the Lambda example are those of its package.json", () => {
    const { scripts } = JSON.parse(
      readFileSync(join(root, "examples/lambda/package.json"), "utf8"),
    );
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toContain(`npx ${scripts.bundle}\n${scripts.addon}\n`);
  });
});
