// `npm run setup [-- --tools [NAME…]]`: packages, engine and debug addon; with --tools the programs that `npm run ready`
// needs besides, or those that are named.
import { parseArgs } from "node:util";

import { setup } from "./lib/setup.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools, isTool, toolsOfReady } from "./lib/tools.mjs";

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { tools: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (!values.tools) {
    await setup();
    return;
  }
  const names = positionals.filter(isTool);
  if (names.length < positionals.length) {
    throw new Failure(
      `Not all of these are tools of scripts/lib/tools.mjs: ${positionals.join(", ")}`,
    );
  }
  await ensureTools(...(names.length > 0 ? names : toolsOfReady));
});
