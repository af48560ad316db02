// The long fault tests. All end with `N passed, N failed`.
//
//   node __test__/faults/rig/main.mjs nothing-lost [--operations N] [--seed N]… [--json FILE]
//   node __test__/faults/rig/main.mjs large [--operations N] [--seed N]… [--json FILE]
//   node __test__/faults/rig/main.mjs soak [--minutes N] [--rate N] [--seed N] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { builtProfile } from "../../../scripts/lib/addon.mjs";
import { startEngine } from "../../../scripts/lib/engine.mjs";
import { testSeed } from "../../../scripts/lib/random.mjs";
import { setup } from "../../../scripts/lib/setup.mjs";
import { Failure, main } from "../../../scripts/lib/steps.mjs";
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

await main(async () => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [what] = positionals;
  if (what !== "nothing-lost" && what !== "large" && what !== "soak") {
    throw new Failure(`"nothing-lost", "large" or "soak", not "${what}"`);
  }
  await setup();
  const engine = await startEngine();
  const results = [];
  try {
    for (const seed of values.seed?.map(Number) ?? [testSeed()]) {
      const { operations, minutes, rate } = values;
      const result =
        what === "soak"
          ? await soak(engine.endpoint, { minutes: Number(minutes), rate: Number(rate), seed })
          : await (what === "large" ? largeValues : nothingLost)(engine.endpoint, {
              operations: Number(operations),
              seed,
            });
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
  const problems = results.map((result) => result.problems ?? faultsOf(result));
  problems.flat().forEach((problem) => console.error(problem));
  const failed = problems.filter((found) => found.length > 0).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  // Node 20 can leak a socket that was reset (chaos.mjs) and would then not exit.
  process.exit(failed === 0 ? 0 : 1);
});
