#!/usr/bin/env node
// `npx unstorage-dynamodb doctor` and `npx unstorage-dynamodb create-table`. Nothing else loads this folder.
import { parseArgs } from "node:util";

import { version } from "./addon.mjs";
import { createTable } from "./create-table.mjs";
import { doctor } from "./doctor.mjs";
import { FLAGS } from "./options.mjs";
import { lineOf, withoutPrefix } from "./result.mjs";

/** @type {Record<string, { about: string, run: typeof doctor }>} */
const COMMANDS = {
  doctor: {
    about:
      "Checks everything that the driver needs, from the addon to each permission. It writes two\n" +
      "rows under a key prefix of its own, below --base, and removes them.",
    run: doctor,
  },
  "create-table": {
    about: "Creates the table and enables its TTL. Leaves a table that fits unchanged.",
    run: createTable,
  },
};

const flagsHelp = Object.entries(FLAGS)
  .map(([name, { argument, help }]) => `  ${`--${name} ${argument}`.padEnd(26)} ${help}`)
  .join("\n");

/** @param {string | undefined} command */
const helpOf = (command) => `Usage: npx unstorage-dynamodb ${command ?? "COMMAND"} [OPTIONS]

${Object.entries(COMMANDS)
  .filter(([name]) => command === undefined || name === command)
  .map(([name, { about }]) => (command ? about : `${name}\n${about.replaceAll(/^/gm, "  ")}`))
  .join("\n\n")}

Options, each as the driver's option:
${flagsHelp}
  --json                     prints one JSON document
  --help                     prints this text

Credentials come from the AWS default chain. Exit code: 0 if all is well, 1 if not, 2 for a wrong command line.
`;

/** @param {string} problem */
function misused(problem) {
  console.error(`${problem}\nTry: npx unstorage-dynamodb --help`);
  process.exitCode = 2;
}

async function main() {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "--version") return console.log(version);
  if (command === undefined || command === "--help") return console.log(helpOf(undefined));
  const chosen = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!chosen) return misused("The first argument must be a command: doctor or create-table.");
  /** @type {Record<string, any>} */
  let values;
  try {
    const flags = Object.keys(FLAGS).map((name) => [name, { type: "string" }]);
    const common = { json: { type: "boolean" }, help: { type: "boolean" } };
    const options = { ...Object.fromEntries(flags), ...common };
    ({ values } = parseArgs({ args: rest, options, allowPositionals: false }));
  } catch (error) {
    // Node quotes an unexpected argument, which may be a secret in the wrong place.
    const isPositional = error.code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL";
    return misused(isPositional ? "Every argument must belong to an option." : error.message);
  }
  const { json, help, ...given } = values;
  if (help) return console.log(helpOf(command));

  // Warnings are part of the report.
  /** @type {string[]} */
  const warnings = [];
  process.removeAllListeners("warning");
  process.on("warning", ({ message }) => void warnings.push(withoutPrefix(message)));

  const checks = await chosen.run(given, (result) => {
    if (!json) console.log(lineOf(result));
  });
  const ok = checks.every(({ state }) => state !== "failed");
  if (json) console.log(JSON.stringify({ ok, version, checks, warnings }, null, 2));
  else warnings.forEach((warning) => console.log(`! ${warning}`));
  process.exitCode = ok ? 0 : 1;
}

await main();
