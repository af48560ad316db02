// How a process ends with requests in flight: as it would without the driver, 200 times each.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "../helpers/child";
import { expectNoSecret } from "./helpers/case";
import { useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
/** `FAULT_ROUNDS` makes them fewer, for a quick look. */
const times = Number(process.env.FAULT_ROUNDS ?? 200);

/** Where the loop is when the end comes: 20 requests wait for answers that never come. */
function withRequests(end: string): string {
  return `
    const driver = dynamoDbCacheDriver({
      table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
      credentials: {
        accessKeyId: "AKIDCANARY", secretAccessKey: "CANARYsecret", sessionToken: "CANARYtoken",
      },
    });
    for (let n = 0; n < 20; n += 1) driver.setItem("k" + n, "CANARYvalue").catch(() => {});
    const { setTimeout: sleep } = await import("node:timers/promises");
    // Some end before they are sent, some right after, some while they wait.
    await sleep(Math.floor(Math.random() * 60));
    ${end}
  `;
}

interface Both {
  with: ChildResult[];
  without: ChildResult[];
}

/** Runs both scripts by turns, the control every fourth time, so that both meet the same busy machine. */
async function manyTimes(script: string, control: string, kill?: NodeJS.Signals): Promise<Both> {
  const both: Both = { with: [], without: [] };
  const onReport: ChildOptions["onReport"] = (report, child) => {
    if (kill && report === "kill me") child.kill(kill);
  };
  let started = 0;
  async function some(): Promise<void> {
    while (started < times) {
      started += 1;
      if (started % 4 === 0) both.without.push(await runChild(control, { onReport }));
      both.with.push(await runChild(script, { onReport, limitMs: 60_000 }));
    }
  }
  await Promise.all(Array.from({ length: 4 }, some));
  expect(both.with).toHaveLength(times);
  return both;
}

/** How much longer than without the driver a process lives after its last word: usually, and at most. */
function expectSameEnd(both: Both): void {
  const medians = [both.with, both.without].map((results) => median(results));
  expect(medians[0]! - medians[1]!).toBeLessThan(300);
  both.with.forEach(expectNoSecret);
}

function median(results: ChildResult[]): number {
  const all = results.map((result) => result.lingeredMs).sort((a, b) => a - b);
  return all[Math.floor(all.length / 2)] ?? 0;
}

const forEver = `setInterval(() => {}, 1000); report("kill me");`;
const ends: [string, string, NodeJS.Signals | undefined][] = [
  ["process.exit", `report("now"); process.exit(7);`, undefined],
  ["an uncaught exception", `report("now"); throw new Error("on purpose");`, undefined],
  [
    "an exception of a callback",
    `report("now"); setImmediate(() => { throw new Error("on purpose"); });
     await new Promise(() => {});`,
    undefined,
  ],
  ["SIGTERM", forEver, "SIGTERM"],
  ["SIGINT", forEver, "SIGINT"],
  [
    "SIGTERM with a listener that exits",
    `process.on("SIGTERM", () => process.exit(3)); ${forEver}`,
    "SIGTERM",
  ],
];

describe("a process with requests in flight", () => {
  it.each(ends)(
    `[case 35] ends by %s as it does without the driver, ${times} times`,
    async (_, end, kill) => {
      endpoint.script(() => ({ silent: true, ending: "hang" }));
      const both = await manyTimes(withRequests(end), `await null; ${end}`, kill);
      const { code, signal } = both.without[0] ?? (await runChild(end));
      const wrong = both.with.filter((one) => one.code !== code || one.signal !== signal);
      expect(wrong.map((one) => [one.code, one.signal, one.stderr])).toEqual([]);
      expectSameEnd(both);
    },
    600_000,
  );

  it("[case 35] beforeExit comes once they have settled, and each has one outcome", async () => {
    endpoint.script((_seen, nth) => (nth % 2 === 0 ? { delay: 50, status: 400 } : { delay: 50 }));
    const { reports, code } = await runChild(`
      const driver = dynamoDbCacheDriver({
        table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
        credentials: { accessKeyId: "AKID", secretAccessKey: "secret" }, maxAttempts: 1,
      });
      let outcomes = 0;
      const settled = () => (outcomes += 1);
      for (let n = 0; n < 100; n += 1) driver.getItem("k" + n).then(settled, settled);
      process.on("beforeExit", () => report(outcomes));
    `);
    expect({ reports, code }).toEqual({ reports: [100], code: 0 });
  });

  it(`[case 36] a natural end: idle, undisposed, with pooled connections open, ${times} times`, async () => {
    endpoint.script(() => ({ body: {} }));
    const script = `
      const options = {
        table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
        credentials: { accessKeyId: "AKIDCANARY", secretAccessKey: "CANARYsecret" },
      };
      const drivers = [dynamoDbCacheDriver(options), dynamoDbCacheDriver(options)];
      await Promise.all(drivers.flatMap((driver) =>
        Array.from({ length: 10 }, (_, n) => driver.getItem("k" + n))));
      report("end");
    `;
    const both = await manyTimes(script, `report("end")`);
    const wrong = both.with.filter(({ code, signal }) => code !== 0 || signal !== null);
    expect(wrong).toEqual([]);
    expectSameEnd(both);
    while (endpoint.open > 0) await sleep(20);
  }, 600_000);
});
