// A read over TLS, and what Node's own https says to the same endpoint.
import { literal } from "../../helpers/child";
import { type Outcome, runCase } from "./case";
import { found, ScriptedEndpoint, type Tls } from "../../helpers/endpoint";

/** One read of an endpoint with this certificate, in this environment, and the result of Node's https for comparison. */
export async function readOver(
  tls: Tls,
  env: Record<string, string>,
): Promise<Outcome & { node: string }> {
  const endpoint = new ScriptedEndpoint(tls);
  await endpoint.start();
  endpoint.script(() => found("v"));
  try {
    const { reports } = await runCase(
      `const { request } = await import("node:https");
       const node = await new Promise((resolve) => {
         const asked = request(${literal(endpoint.endpoint)}, (answer) => resolve(answer.resume() && "ok"));
         asked.on("error", (error) => resolve(error.code));
         asked.end();
       });
       await sleep(50);
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 1, timeout: 10_000 });
       report({ ...(await settle(driver.getItem("k"))), node });`,
      { env, lagMs: 500 },
    );
    return { ...reports[0], version: endpoint.seen.at(-1)?.httpVersion };
  } finally {
    endpoint.stop();
  }
}
