// Connections that break: at any byte, or while they lie idle.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Fate, ChaosProxy } from "./rig/chaos.mjs";
import { literal, runChild } from "../helpers/child";
import { seededRandom, testSeed } from "../helpers/random";
import { useTable } from "../helpers/table";
import { runCase } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const table = useTable();
const endpoint = useEndpoint();
const seed = testSeed();
console.log(`TEST_SEED=${seed}`);

describe("a reset", () => {
  let proxy: ChaosProxy;
  beforeAll(async () => {
    proxy = await new ChaosProxy(inject("endpoint")).start();
  });
  afterAll(() => proxy.stop());

  // A request is some 900 bytes and an answer some 450: each of them may be the last.
  it.each([
    ["the request", "requestBytes", 1000],
    ["the answer", "responseBytes", 500],
  ] as const)("[case 04] at any byte of %s: sent again", async (_, direction, range) => {
    const value = "0123456789".repeat(20);
    await table.putRow("swept", { value: { S: value } });
    const random = seededRandom(seed);
    let cuts: number[] = [];
    const prepare = (): void => {
      // Each round has a connection of its own, every other one breaks: never twice in a row.
      cuts = [0, 1, 2, ...Array.from({ length: 60 }, () => Math.floor(random() * range))];
      let isCut = false;
      proxy.faults = 0;
      proxy.fates = (): Fate => {
        isCut = !isCut;
        return isCut ? { [direction]: cuts.pop() } : {};
      };
    };
    const body = `
      const wrong = [];
      for (let round = 0; round < 60; round += 1) {
        const driver = make({
          table: ${literal(table.name)}, endpoint: ${literal(proxy.endpoint)}, maxConnections: 1,
        });
        const { value, error } = await settle(driver.getItem("swept"));
        if (value !== ${literal(value)}) wrong.push([round, value, error]);
        await driver.dispose();
      }
      report(wrong);
    `;
    const { reports } = await runCase(body, { prepare, limitMs: 250_000 });
    expect(reports).toEqual([[]]);
    expect(proxy.faults).toBeGreaterThan(15);
  });
});

describe("a pooled connection that died unseen", () => {
  // As on a Lambda that was frozen: the process stands still while the other side closes.
  async function afterStandstill(spoil: (() => void) | undefined): Promise<any> {
    endpoint.script(() => found("v"));
    const script = `
      const driver = dynamoDbCacheDriver({
        table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
        credentials: { accessKeyId: "AKID", secretAccessKey: "secret" },
      });
      const calls = Array.from({ length: 5 }, () => driver.getItem("k"));
      await Promise.all(calls);
      const woken = new Promise((resolve) => process.once("SIGUSR2", resolve));
      report("idle");
      await woken;
      const start = performance.now();
      report({ value: await driver.getItem("k").catch(String), ms: performance.now() - start });
    `;
    const keepAlive = `const alive = setInterval(() => {}, 1000); ${script} clearInterval(alive);`;
    const { reports, code, signal } = await runChild(keepAlive, {
      onReport(report, child) {
        if (report !== "idle") return;
        child.kill("SIGSTOP");
        spoil?.();
        setTimeout(() => {
          child.kill("SIGCONT");
          child.kill("SIGUSR2");
        }, 300);
      },
    });
    expect([code, signal]).toEqual([0, null]);
    return reports[1];
  }

  it.each([
    ["closed", () => endpoint.closeSockets()],
    ["reset", () => endpoint.resetSockets()],
  ])("[case 05] %s while the process stood still: the first call succeeds", async (_, spoil) => {
    const added: number[] = [];
    while (added.length < 3 && Math.min(Infinity, ...added) >= 100) {
      const control = await afterStandstill(undefined);
      const spoiled = await afterStandstill(spoil);
      expect([control.value, spoiled.value]).toEqual(["v", "v"]);
      added.push(spoiled.ms - control.ms);
    }
    expect(Math.min(...added)).toBeLessThan(100);
  });
});
