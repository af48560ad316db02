// `npm run test:nothing-lost [-- --operations N] [--seed N]… [--json FILE]`: random operations while network, service
// and client break. Ends with `N passed, N failed`, one for each seed.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { nothingLost } from "./faults/nothing-lost.mjs";
import { testSeed } from "./faults/random.mjs";
import { startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  const { values } = parseArgs({
    options: {
      operations: { type: "string", default: "10000" },
      seed: { type: "string", multiple: true },
      json: { type: "string" },
    },
  });
  await setup();
  const engine = await startEngine();
  const results = [];
  try {
    for (const seed of values.seed?.map(Number) ?? [testSeed()]) {
      const options = { seed, operations: Number(values.operations) };
      const result = await nothingLost(engine.endpoint, options);
      console.log(JSON.stringify(result));
      results.push(result);
    }
  } finally {
    await engine.stop();
  }
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  const failed = results.filter(({ lost }) => lost > 0).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
