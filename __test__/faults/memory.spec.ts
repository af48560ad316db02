// Little memory: what does not fit fails cleanly, and never hangs.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "../helpers/child";
import { runCase } from "./helpers/case";
import { useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
/** In kibibytes of address space; Node alone takes about a third. */
const limit = (kib: number): string[] => ["bash", "-c", `ulimit -v ${kib} && exec "$@"`, "bash"];

/** Batches of large values. */
function large(bytes: number): void {
  const S = "v".repeat(bytes);
  endpoint.script(({ request }) => {
    const { Keys } = request.RequestItems.cases;
    return { body: { Responses: { cases: Keys.map(({ key }: any) => ({ key, value: { S } })) } } };
  });
}

describe("an address space of 3 GB", () => {
  it("[case 32] is enough for items read fifty at a time", async () => {
    large(40_000);
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
       let bytes = 0;
       for (let n = 0; n < 10; n += 1) {
         const items = await driver.getItems(Array.from({ length: 50 }, (_, k) => "k" + n + ":" + k));
         bytes += items.reduce((sum, { value }) => sum + value.length, 0);
       }
       report(bytes);`,
      {
        through: limit(3_000_000),
        flags: ["--max-old-space-size=128"],
        lagMs: 5000,
        limitMs: 200_000,
      },
    );
    expect(reports).toEqual([20_000_000]);
  });

  it("[case 32] and too little for what is asked at once: the process ends, it does not hang", async () => {
    large(350_000);
    const { code, signal, reports } = await runChild(
      `const driver = dynamoDbCacheDriver({
         table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
         credentials: { accessKeyId: "AKID", secretAccessKey: "secret" },
       });
       const keys = Array.from({ length: 2000 }, (_, n) => "k" + n);
       report("begun");
       await driver.getItems(keys).then(() => {}, () => {});`,
      { through: limit(1_500_000), flags: ["--max-old-space-size=64"], limitMs: 120_000 },
    );
    expect(reports).toEqual(["begun"]);
    // V8 ends a process that is out of memory by SIGABRT or SIGTRAP; a hang would be a SIGKILL of this test's.
    expect([code, signal]).not.toEqual([null, "SIGKILL"]);
  });
});
