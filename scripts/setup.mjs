// `npm run setup [-- --tools [NAME…]]`: installs packages, engine and debug addon. With --tools, also installs the
// programs that `npm run ready` needs, or the named ones.
import { parseArgs } from "node:util";

import { setup } from "./lib/setup.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { ensureTools, isTool, toolsOfReady } from "./lib/tools.mjs";

await main(() => {
  const { values, positionals } = parseArgs({
    options: { tools: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (!positionals.every(isTool)) {
    throw new Failure(`Not all are tools of scripts/lib/tools.mjs: ${positionals.join(", ")}`);
  }
  const names = positionals.length > 0 ? positionals : toolsOfReady;
  return values.tools ? ensureTools(...names) : setup();
});
