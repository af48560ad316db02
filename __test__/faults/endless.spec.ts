// Answers without end: an error at the size that an operation's answer can have, and no memory lost to it.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { runCase } from "./helpers/case";
import { useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
const megabyte = Buffer.alloc(2 ** 20, "v");

/** Up to 2 GB of a text that never ends. */
function* endless(): Generator<Buffer | string> {
  yield '{"Item":{"value":{"S":"';
  for (let n = 0; n < 2048; n += 1) yield megabyte;
}

const calls: [string, string][] = [
  ["getItem", `driver.getItem("k")`],
  ["setItem", `driver.setItem("k", "v")`],
  ["getKeys", `driver.getKeys()`],
];

describe("an answer without end", () => {
  it.each(calls)("[case 09] of %s: an error, and less than 64 MB", async (_, call) => {
    endpoint.script(() => ({ body: endless() }));
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 2 });
       const megabytes = () => process.memoryUsage().rss / 2 ** 20;
       const before = megabytes();
       let most = before;
       const watch = setInterval(() => (most = Math.max(most, megabytes())), 5);
       const outcome = await settle(${call});
       clearInterval(watch);
       report({ ...outcome, grown: most - before });`,
    );
    expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(RESPONSE|TIMEOUT)$/);
    expect(reports[0].grown).toBeLessThan(64);
  });
});
