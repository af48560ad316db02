// How a process ends with requests in flight: as it would without the driver, 200 times each.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, runChild } from "../helpers/child";
import { useEndpoint } from "../helpers/endpoint";
import { expectNoSecret, runPlain } from "./helpers/case";

const endpoint = useEndpoint();
/** `FAULT_ROUNDS` reduces the number for a quick run. */
const times = Number(process.env.FAULT_ROUNDS ?? 200);

/** Runs the control after every fourth script, so that both run under the same load, and compares how they end. */
async function expectSameEnd(
  script: string,
  control: string,
  kill?: NodeJS.Signals,
): Promise<ChildResult> {
  const onReport: ChildOptions["onReport"] = (report, child) => {
    if (kill && report === "kill me") child.kill(kill);
  };
  const [own, controls]: [ChildResult[], ChildResult[]] = [[], []];
  let started = 0;
  async function some(): Promise<void> {
    while (started < times) {
      if (started++ % 4 === 0) controls.push(await runChild(control, { onReport }));
      own.push(await runPlain(script, { driver: { endpoint: endpoint.endpoint }, onReport }));
    }
  }
  await Promise.all(Array.from({ length: 4 }, some));
  expect(own).toHaveLength(times);
  const expected = controls[0]!;
  const isWrong = (one: ChildResult) =>
    one.code !== expected.code || one.signal !== expected.signal;
  const wrong = own.filter(isWrong);
  expect(wrong.map((one) => [one.code, one.signal, one.stderr])).toEqual([]);
  // The median delay between the last report and the end, compared with that of the control.
  expect(median(own) - median(controls)).toBeLessThan(300);
  own.forEach(expectNoSecret);
  return expected;
}

function median(results: ChildResult[]): number {
  const all = results.map((result) => result.lingeredMs).sort((a, b) => a - b);
  return all[Math.floor(all.length / 2)] ?? 0;
}

const forEver = `setInterval(() => {}, 1000); report("kill me");`;
const fail = `throw new Error("on purpose");`;
const ends: [string, string, NodeJS.Signals?][] = [
  ["process.exit", `report("now"); process.exit(7);`],
  ["an uncaught exception", `report("now"); ${fail}`],
  [
    "an exception of a callback",
    `report("now"); setImmediate(() => { ${fail} }); await new Promise(() => {});`,
  ],
  ["SIGTERM", forEver, "SIGTERM"],
  ["SIGINT", forEver, "SIGINT"],
  ["SIGTERM, heard", `process.on("SIGTERM", () => process.exit(3)); ${forEver}`, "SIGTERM"],
];

describe("a process with requests in flight", () => {
  it.each(ends)(
    `[case 35] ends by %s as it does without the driver, ${times} times`,
    async (_, end, kill) => {
      endpoint.script(() => ({ silent: true, ending: "hang" }));
      // Some processes end before the requests are sent, some right after, some while they wait.
      const script = `
        for (let n = 0; n < 20; n += 1) driver.setItem("k" + n, canary.value).catch(() => {});
        await sleep(Math.floor(Math.random() * 60));
        ${end}
      `;
      await expectSameEnd(script, `await null; ${end}`, kill);
    },
    600_000,
  );

  it("[case 35] beforeExit is emitted after they have settled, each exactly once", async () => {
    endpoint.script((_, nth) => (nth % 2 === 0 ? { delay: 50, status: 400 } : { delay: 50 }));
    const result = await runPlain(
      `let outcomes = 0;
       const settled = () => (outcomes += 1);
       for (let n = 0; n < 100; n += 1) driver.getItem("k" + n).then(settled, settled);
       process.on("beforeExit", () => report(outcomes));`,
      { driver: { endpoint: endpoint.endpoint, maxAttempts: 1 } },
    );
    expect(result).toMatchObject({ reports: [100], code: 0 });
  });

  it(`[case 36] a normal exit: idle, not disposed, with pooled connections open, ${times} times`, async () => {
    endpoint.script(() => ({}));
    const script = `
      const calls = [driver, make(options)].flatMap((one) =>
        Array.from({ length: 10 }, (_, n) => one.getItem("k" + n)));
      await Promise.all(calls);
      report("end");
    `;
    const end = await expectSameEnd(script, `report("end")`);
    expect(end).toMatchObject({ code: 0, signal: null });
    while (endpoint.open > 0) await sleep(20);
  }, 600_000);
});
