// `npm run notices`: THIRD-PARTY-NOTICES, which each platform package carries. `npm run check:notices`: is it current?
import { writeFileSync } from "node:fs";

import { outputOf, run } from "./lib/process.mjs";
import { inProject, readText } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";

const file = "THIRD-PARTY-NOTICES";

/**
 * @param {string} toml
 * @param {string} name
 */
function listIn(toml, name) {
  const [, list = ""] = new RegExp(`^${name} = \\[([^\\]]*)\\]`, "m").exec(toml) ?? [];
  return [...list.matchAll(/"([^"]+)"/g)].map(([, item]) => item).sort();
}

// Two tools judge licences, each by a list of its own: they must not drift apart.
function compareLists() {
  const [about, deny] = [readText("about.toml"), readText("deny.toml")];
  for (const [inAbout, inDeny] of /** @type {[string, string][]} */ ([
    ["accepted", "allow"],
    ["targets", "targets"],
  ])) {
    const [ours, theirs] = [listIn(about, inAbout), listIn(deny, inDeny)];
    if (ours.length === 0 || ours.join() !== theirs.join()) {
      throw new Failure(
        `about.toml and deny.toml differ in ${inAbout}: [${ours}] and [${theirs}].`,
      );
    }
  }
}

await main(async () => {
  compareLists();
  await run("cargo", ["about", "--version"]);
  // Frozen: the texts come from the crates themselves and from nowhere else, so that the file is the same everywhere.
  await run("cargo", ["fetch", "--locked", "--quiet"]);
  const parameters = ["about", "generate", "--frozen", "--fail", "about.hbs"];
  const text = outputOf("cargo", parameters);
  if (text === undefined) {
    throw new Failure(`\`cargo ${parameters.join(" ")}\` failed: run it to see why.`);
  }
  if (!process.argv.includes("--check")) {
    writeFileSync(inProject(file), text);
  } else if (text !== readText(file)) {
    throw new Failure(`${file} is not what is linked in: run \`npm run notices\`.`);
  }
  console.log(`${file}: ${text.split("\n").length} lines`);
});
