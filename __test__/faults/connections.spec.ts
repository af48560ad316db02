// Connections that break at any byte or while idle, and peers that send nothing, too little, or too slowly.
import { describe, expect, inject, it } from "vitest";
import { literal } from "../helpers/child";
import { found, type Reply } from "../helpers/endpoint";
import { seededRandom, testSeed } from "../helpers/random";
import { useTable } from "../helpers/table";
import { expectEnd, runCase, runPlain, useCases } from "./helpers/case";
import { ChaosProxy, type Fate } from "./rig/chaos.mjs";

const table = useTable();
const { endpoint, run } = useCases();
const seed = testSeed();
console.log(`TEST_SEED=${seed}`);

async function withProxy(work: (proxy: ChaosProxy) => Promise<void>, fate?: Fate): Promise<void> {
  const proxy = await new ChaosProxy(inject("endpoint"), () => fate ?? {}).start();
  await work(proxy).finally(() => proxy.stop());
}

describe("a reset", () => {
  // A request has about 900 bytes and a response about 450. Each byte may be the last.
  it.each([
    ["the request", "requestBytes", 1000],
    ["the answer", "responseBytes", 500],
  ] as const)("[case 04] at any byte of %s: sent again", (_, direction, range) =>
    withProxy(async (proxy) => {
      const value = "0123456789".repeat(20);
      await table.putRow("swept", { value: { S: value } });
      const random = seededRandom(seed);
      const prepare = (): void => {
        // Each round has its own connection, and every other one breaks, never two in a row.
        const cuts = [0, 1, 2, ...Array.from({ length: 60 }, () => Math.floor(random() * range))];
        let isCut = false;
        proxy.faults = 0;
        proxy.fates = (): Fate => {
          isCut = !isCut;
          return isCut ? { [direction]: cuts.pop() } : {};
        };
      };
      const reports = await runCase(
        `const wrong = [];
         for (let round = 0; round < 60; round += 1) {
           const driver = make(options);
           const { value, error } = await settle(driver.getItem("swept"));
           if (value !== ${literal(value)}) wrong.push([round, value, error]);
           await driver.dispose();
         }
         report(wrong);`,
        {
          driver: { table: table.name, endpoint: proxy.endpoint, maxConnections: 1 },
          prepare,
        },
      );
      expect(reports).toEqual([[]]);
      expect(proxy.faults).toBeGreaterThan(15);
    }),
  );
});

describe("a pooled connection that died unnoticed", () => {
  // Like a frozen Lambda: the process is suspended while the peer closes the connection.
  async function afterStandstill(spoil?: () => void): Promise<any> {
    endpoint.script(() => found("v"));
    const result = await runPlain(
      `const alive = setInterval(() => {}, 1000);
       await Promise.all(Array.from({ length: 5 }, (_, n) => driver.getItem("k" + n)));
       const woken = new Promise((resolve) => process.once("SIGUSR2", resolve));
       report("idle");
       await woken;
       report(await settle(driver.getItem("k")));
       clearInterval(alive);`,
      {
        driver: { endpoint: endpoint.endpoint },
        onReport(report, child) {
          if (report !== "idle") return;
          child.kill("SIGSTOP");
          spoil?.();
          setTimeout(() => {
            child.kill("SIGCONT");
            child.kill("SIGUSR2");
          }, 300);
        },
      },
    );
    expectEnd(result, { code: 0 });
    return result.reports[1];
  }

  it.each([
    ["closed", () => endpoint.closeSockets()],
    ["reset", () => endpoint.resetSockets()],
  ])("[case 05] %s while the process stood still: the first call succeeds", async (_, spoil) => {
    const added: number[] = [];
    while (added.length < 3 && Math.min(Infinity, ...added) >= 100) {
      const [control, spoiled] = [await afterStandstill(), await afterStandstill(spoil)];
      expect([control.value, spoiled.value]).toEqual(["v", "v"]);
      added.push(spoiled.ms - control.ms);
    }
    expect(Math.min(...added)).toBeLessThan(100);
  });
});

/** Two reads and a write must each fail in time. */
async function expectTimeouts(driver: object, shortest: number): Promise<void> {
  const [outcomes] = await run(
    `const calls = [driver.getItem("k"), driver.setItem("k", canary.value), driver.getKeys()];
     report(await settleAll(calls, 10_000));`,
    { driver },
  );
  const error = { name: "TimeoutError", code: "ERR_DYNAMODB_TIMEOUT", retryable: true };
  for (const { ms, ...outcome } of outcomes) {
    expect(outcome).toMatchObject({ error });
    expect(ms).toBeGreaterThan(shortest - 10);
    expect(ms).toBeLessThan(4000);
  }
}

describe("a black hole", () => {
  it.each([
    ["before a byte of the request", { requestBytes: 0 }],
    ["in the middle of the request", { requestBytes: 100 }],
    ["in the middle of the answer", { responseBytes: 20 }],
  ])("[case 06] after the connection was accepted, %s: a TimeoutError", (_, where) =>
    withProxy(
      async (proxy) => {
        const limits = { attemptTimeout: 400, timeout: 1500 };
        await expectTimeouts({ endpoint: proxy.endpoint, ...limits }, 400);
        expect(proxy.connections).toBeGreaterThan(3);
      },
      { ...where, end: "silence" },
    ),
  );
});

describe("a response in small pieces", () => {
  const body = { Item: { value: { S: "v".repeat(100) } }, Items: [] };
  const sent = JSON.stringify(body).length - 1;
  const slow: [string, Reply][] = [
    ["one byte after the other", { body, drip: { bytes: 1, everyMs: 300 } }],
    ["all but the last byte", { body, sent, ending: "hang" }],
    ["the head alone", { body, sent: 0, ending: "hang" }],
    ["nothing at all", { silent: true, ending: "hang" }],
  ];

  it.each(slow)("[case 07] %s: ends with the request's timeout", async (_, reply) => {
    endpoint.script(() => reply);
    await expectTimeouts({ attemptTimeout: 500, timeout: 1200 }, 500);
    // Three calls with at most four attempts each.
    expect(endpoint.seen.length).toBeLessThanOrEqual(12);
  });
});
