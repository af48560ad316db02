// `npm run soak [-- --minutes N] [--rate N] [--seed N] [--json FILE]`: operations at a fixed rate under chaos; memory
// must stay flat, and descriptors and threads must be back in the end. Ends with `N passed, N failed`.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { faultsOf, soak } from "./faults/leaks.mjs";
import { testSeed } from "./faults/random.mjs";
import { builtProfile } from "./lib/addon.mjs";
import { startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      rate: { type: "string", default: "200" },
      seed: { type: "string" },
      json: { type: "string" },
    },
  });
  await setup();
  const engine = await startEngine();
  const options = {
    minutes: Number(values.minutes),
    rate: Number(values.rate),
    seed: Number(values.seed ?? testSeed()),
  };
  console.log(`${options.minutes} min at ${options.rate} operations/s, seed ${options.seed}`);
  const result = await soak(engine.endpoint, options).finally(() => engine.stop());
  const figures = { addon: builtProfile(), ...result };
  console.log(JSON.stringify(figures, null, 2));
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const found = faultsOf(result);
  found.forEach((fault) => console.error(fault));
  console.log(`\n${found.length === 0 ? 1 : 0} passed, ${found.length} failed`);
  process.exitCode = found.length === 0 ? 0 : 1;
});
