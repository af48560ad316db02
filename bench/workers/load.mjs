// One contestant, one scenario, one process: `node load.mjs SPEC`. Prints one line of JSON.
import { readFileSync } from "node:fs";

import { measure } from "./measure.mjs";
import { open } from "./subjects.mjs";

const spec = JSON.parse(process.argv[2] ?? "");
const subject = await open(spec, readFileSync(spec.valueFile, "utf8"));

/** @param {number} count */
async function drive(count) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const turn = next++;
      if (spec.twiceEvery && turn % spec.twiceEvery === 0) {
        await subject.call(turn);
      }
      const result = await subject.call(turn);
      if (!subject.check(result)) {
        throw new Error(`a wrong answer to call ${turn}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(spec.inFlight, count) }, lane));
}

if (spec.connect) {
  await subject.connect?.();
}
await drive(spec.warmUp);
// No timer runs while instructions are counted, because a slower machine would fire it more often.
const work = () => drive(spec.count);
const figures = spec.isCounted ? await work() : await measure(work);
console.log(JSON.stringify({ operations: spec.count, ...figures }));
await subject.close?.();
