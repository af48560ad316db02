// Worker threads that end in the middle of requests: other threads are unaffected, and the addon keeps working.
import { describe, expect, it } from "vitest";
import { entry, literal, runChild } from "../helpers/child";
import { expectNoSecret } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

const options = (): object => ({
  table: "cases",
  region: "us-east-1",
  endpoint: endpoint.endpoint,
  credentials: { accessKeyId: "AKIDCANARY", secretAccessKey: "CANARYsecret" },
});

/** `start(mode)` makes a worker; mode "held" never gets answers, "quick" does one read. */
const prelude = (): string => `
  const { Worker } = await import("node:worker_threads");
  const options = ${literal(options())};
  const source = "(" + String(async () => {
    const { parentPort, workerData } = await import("node:worker_threads");
    const { default: factory } = await import(workerData.entry);
    const driver = factory(workerData.options);
    if (workerData.mode === "quick") {
      parentPort.postMessage(await driver.getItem("quick"));
    } else {
      for (let n = 0; n < 4; n += 1) driver.getItem("held").catch(() => {});
      driver.getItem("held", { signal: new AbortController().signal }).catch(() => {});
      parentPort.postMessage("sent");
      setInterval(() => {}, 1000);
    }
  }) + ")()";
  function start(mode) {
    const workerData = { entry: ${literal(entry)}, options, mode };
    const worker = new Worker(source, { eval: true, workerData });
    const message = new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    const exit = new Promise((resolve) => worker.once("exit", resolve));
    return { worker, message, exit };
  }
  async function quick() {
    const { message, exit } = start("quick");
    return [await message, await exit];
  }
`;

function script(): void {
  endpoint.script(({ request }) =>
    request.Key.key.S === "held" ? { silent: true, ending: "hang" } : found("v"),
  );
}

async function run(body: string): Promise<any[]> {
  script();
  const result = await runChild(prelude() + body, { limitMs: 120_000 });
  expectNoSecret(result);
  const { code, signal, stderr } = result;
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
  expect(result.lingeredMs).toBeLessThan(2000);
  return result.reports;
}

describe("worker threads", () => {
  it("[case 34] 20 at once, terminated with requests in flight; the others go on", async () => {
    const reports = await run(`
      const own = dynamoDbCacheDriver(options);
      for (let round = 0; round < 2; round += 1) {
        const workers = Array.from({ length: 20 }, () => start("held"));
        await Promise.all(workers.map(({ message }) => message));
        await new Promise((resolve) => setTimeout(resolve, round * 50));
        const during = own.getItem("k");
        await Promise.all(workers.map(({ worker }) => worker.terminate()));
        report([await during, await own.getItem("k"), await quick()]);
      }
    `);
    expect(reports).toEqual(["v", "v"].map((v) => [v, v, [v, 0]]));
  });

  it("[case 34] created and terminated at once, 20 times", async () => {
    const reports = await run(`
      for (let n = 0; n < 20; n += 1) {
        const { worker, message } = start("held");
        message.catch(() => {});
        if (n % 2) await new Promise((resolve) => setTimeout(resolve, n * 5));
        await worker.terminate();
      }
      report(await quick());
    `);
    expect(reports).toEqual([["v", 0]]);
  });

  it("[case 34] only in successive workers: each terminated, the next one works", async () => {
    // Each is the last environment when it ends, so the addon's runtime is shut down and restarted.
    const reports = await run(`
      for (let n = 0; n < 5; n += 1) {
        const { worker, message } = start("held");
        await message;
        await worker.terminate();
        report(await quick());
      }
    `);
    expect(reports).toEqual([..."vvvvv"].map((v) => [v, 0]));
  });

  it("[case 34] the addon's threads stay few, also after its runtime was restarted", async () => {
    const reports = await run(`
      const { readdirSync, readFileSync } = await import("node:fs");
      const own = () => readdirSync("/proc/self/task").filter((id) => {
        const name = readFileSync("/proc/self/task/" + id + "/comm", "utf8");
        return /^(dynamodb|tokio)/.test(name);
      }).length;
      for (let n = 0; n < 3; n += 1) {
        const { worker, message } = start("held");
        await message;
        await new Promise((resolve) => setTimeout(resolve, 100));
        report(own());
        await worker.terminate();
      }
    `);
    // One worker and at most eight for look-ups.
    for (const count of reports) expect(count).toBeLessThanOrEqual(9);
  });

  it("[case 35] process.exit with workers in the middle of requests", async () => {
    script();
    for (let n = 0; n < 20; n += 1) {
      const { code, signal, stderr } = await runChild(`${prelude()}
        const workers = Array.from({ length: 4 }, () => start("held"));
        await Promise.all(workers.map(({ message }) => message));
        process.exit(5);
      `);
      expect({ code, signal, stderr }).toEqual({ code: 5, signal: null, stderr: "" });
    }
  });
});
