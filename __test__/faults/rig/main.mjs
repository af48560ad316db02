// The long fault tests. Each ends with `N passed, N failed`.
//
//   node __test__/faults/rig/main.mjs nothing-lost [--operations N] [--seed N]… [--json FILE]
//   node __test__/faults/rig/main.mjs cas [--seed N | --seed FROM-TO]… [--json FILE]
//   node __test__/faults/rig/main.mjs large [--operations N] [--seed N]… [--json FILE]
//   node __test__/faults/rig/main.mjs soak [--minutes N] [--rate N] [--seed N] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { builtProfile } from "../../../scripts/lib/addon.mjs";
import { startEngine } from "../../../scripts/lib/engine.mjs";
import { testSeed } from "../../../scripts/lib/random.mjs";
import { setup } from "../../../scripts/lib/setup.mjs";
import { Failure, main } from "../../../scripts/lib/steps.mjs";
import { contention, total, underFaults } from "./contention.mjs";
import { faultsOf, soak } from "./leaks.mjs";
import { largeValues } from "./large.mjs";
import { nothingLost } from "./nothing-lost.mjs";

const options = /** @type {const} */ ({
  operations: { type: "string", default: "10000" },
  minutes: { type: "string", default: "30" },
  rate: { type: "string", default: "200" },
  seed: { type: "string", multiple: true },
  json: { type: "string" },
});

/** `7`, or `1-20`. @param {string} text */
function seedsOf(text) {
  const [from = 0, to = from] = text.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

await main(async () => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [what = ""] = positionals;
  const { operations, minutes, rate } = values;
  /** @type {Record<string, (endpoint: string, seed: number) => Promise<any>>} */
  const kinds = {
    "nothing-lost": (endpoint, seed) =>
      nothingLost(endpoint, { operations: Number(operations), seed }),
    large: (endpoint, seed) => largeValues(endpoint, { operations: Number(operations), seed }),
    cas: (endpoint, seed) => contention(endpoint, { ...underFaults, seed }),
    soak: (endpoint, seed) =>
      soak(endpoint, { minutes: Number(minutes), rate: Number(rate), seed }),
  };
  const run = kinds[what];
  if (!run) throw new Failure(`"${Object.keys(kinds).join('", "')}", not "${what}"`);
  await setup();
  const engine = await startEngine();
  const results = [];
  try {
    for (const seed of values.seed?.flatMap(seedsOf) ?? [testSeed()]) {
      const result = await run(engine.endpoint, seed);
      console.log(JSON.stringify(result, null, 2));
      results.push(result);
    }
  } finally {
    await engine.stop();
  }
  if (values.json) {
    const report = { addon: builtProfile(), results };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (what === "cas" && results.length > 1) {
    console.log(JSON.stringify({ runs: results.length, ...total(results) }, null, 2));
  }
  const problems = results.map((result) => result.problems ?? faultsOf(result));
  problems.flat().forEach((problem) => console.error(problem));
  const failed = problems.filter((found) => found.length > 0).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  // Node 20 can leak a socket that was reset (chaos.mjs) and would then not exit.
  process.exit(failed === 0 ? 0 : 1);
});
