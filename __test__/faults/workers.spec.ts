// Worker threads that end with requests in flight: other threads are unaffected, and the addon keeps working.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { found, useEndpoint } from "../helpers/endpoint";
import { expectEnd, inside, runPlain } from "./helpers/case";

const endpoint = useEndpoint();

/** `begin(mode)` creates a worker. In mode "held" it never receives responses, in mode "quick" it makes one read. */
const prelude = `
  const { Worker } = await import("node:worker_threads");
  const source = "(" + String(async () => {
    const { parentPort, workerData } = await import("node:worker_threads");
    const { make } = await import(workerData.inside);
    const driver = make(workerData.options);
    if (workerData.mode === "quick") {
      parentPort.postMessage(await driver.getItem("quick"));
    } else {
      for (let n = 0; n < 4; n += 1) driver.getItem("held" + n).catch(() => {});
      driver.getItem("held", { signal: new AbortController().signal }).catch(() => {});
      parentPort.postMessage("sent");
      setInterval(() => {}, 1000);
    }
  }) + ")()";
  function begin(mode) {
    const workerData = { inside: ${literal(inside)}, mode, options };
    const worker = new Worker(source, { eval: true, workerData });
    const message = new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    return { worker, message, exit: new Promise((resolve) => worker.once("exit", resolve)) };
  }
  async function quick() {
    const { message, exit } = begin("quick");
    return [await message, await exit];
  }
`;

async function run(body: string, code = 0): Promise<any[]> {
  endpoint.script(({ request }) =>
    request.Key.key.S.startsWith("held") ? { silent: true, ending: "hang" } : found("v"),
  );
  const driver = { endpoint: endpoint.endpoint };
  const result = await runPlain(prelude + body, { driver });
  expectEnd(result, { code });
  expect(result.lingeredMs).toBeLessThan(2000);
  return result.reports;
}

describe("worker threads", () => {
  const fine = ["v", 0];
  it.each<[string, string, unknown[]]>([
    [
      "20 at once, terminated with requests in flight: the others continue",
      `for (let round = 0; round < 2; round += 1) {
         const workers = Array.from({ length: 20 }, () => begin("held"));
         await Promise.all(workers.map(({ message }) => message));
         await sleep(round * 50);
         const during = driver.getItem("k");
         await Promise.all(workers.map(({ worker }) => worker.terminate()));
         report([await during, await driver.getItem("k"), await quick()]);
       }`,
      [1, 2].map(() => ["v", "v", fine]),
    ],
    [
      "created and terminated immediately, 20 times",
      `for (let n = 0; n < 20; n += 1) {
         const { worker, message } = begin("held");
         message.catch(() => {});
         if (n % 2) await sleep(n * 5);
         await worker.terminate();
       }
       report(await quick());`,
      [fine],
    ],
    [
      // Each is the last environment when it ends, so the addon's runtime is shut down and restarted.
      "only in successive workers: each terminated, the next one works, and the addon's threads stay few",
      `const { readdirSync, readFileSync } = await import("node:fs");
       const isOwn = (id) => /^(dynamodb|tokio)/.test(readFileSync("/proc/self/task/" + id + "/comm", "utf8"));
       for (let n = 0; n < 5; n += 1) {
         const { worker, message } = begin("held");
         await message;
         await sleep(100);
         // One worker and at most eight for lookups.
         const isFew = readdirSync("/proc/self/task").filter(isOwn).length <= 9;
         await worker.terminate();
         report([isFew, await quick()]);
       }`,
      [1, 2, 3, 4, 5].map(() => [true, fine]),
    ],
  ])("[case 34] %s", async (_, body, expected) => {
    expect(await run(body)).toEqual(expected);
  });

  it("[case 35] process.exit while workers have requests in flight, 20 times", async () => {
    for (let n = 0; n < 20; n += 1) {
      await run(
        `await Promise.all(Array.from({ length: 4 }, () => begin("held").message));
         report("exit");
         process.exit(5);`,
        5,
      );
    }
  });
});
