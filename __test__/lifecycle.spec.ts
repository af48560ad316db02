// How a process that uses the driver ends. The reports mark the last await; any delay after them is caused by the
// driver.
import { describe, expect, it } from "vitest";
import { type ChildResult, entry, literal, runChild } from "./helpers/child";
import { useRecordedTable } from "./helpers/recorded";
import { engineOptions } from "./helpers/table";

const { table, recorder } = useRecordedTable();

/** Runs a script whose process must end within a second of its last report, with nothing on stderr. */
async function runToEnd(body: string, code = 0): Promise<ChildResult["reports"]> {
  const script = `
    const options = ${literal(engineOptions(table.name))};
    const slow = { ...options, endpoint: ${literal(recorder.endpoint)} };
    const driver = dynamoDbCacheDriver(options);
    ${body}
    report("end");
  `;
  const result = await runChild(script);
  expect(result).toMatchObject({ code, signal: null, stderr: "" });
  expect(result.lingeredMs).toBeLessThan(1000);
  return result.reports;
}

describe("[API-12] the process exits by itself within a second", () => {
  it.each([
    ["never used", ""],
    ["used", `await driver.setItem("k", "v"); await driver.getItem("k");`],
    ["used and disposed", `await driver.setItem("k", "v"); await driver.dispose();`],
    ["disposed unused", `await driver.dispose();`],
    ["after a failure", `await failure(driver.setItem("", "v"));`],
    ["after listing and clearing", `await driver.getKeys(); await driver.clear("none:");`],
    [
      "many connections open",
      `await Promise.all(Array.from({ length: 200 }, (_, n) => driver.getItem("k" + n)));`,
    ],
    [
      "idle for a while",
      `await driver.getItem("k"); await new Promise((resolve) => setTimeout(resolve, 1500));`,
    ],
    [
      "several drivers",
      `for (let n = 0; n < 5; n += 1) await dynamoDbCacheDriver(options).getItem("k");`,
    ],
    [
      "after a refused connection",
      `await failure(dynamoDbCacheDriver({ ...options, endpoint: "http://127.0.0.1:9" }).getItem("k"));`,
    ],
  ])("%s", async (_, body) => {
    expect(await runToEnd(body)).toEqual(["end"]);
  });
});

it("[API-22] async hooks see resources that have a reference only while calls are unsettled", async () => {
  const body = `
    const { createHook } = await import("node:async_hooks");
    const { createRequire } = await import("node:module");
    const types = /unstorage|napi/;
    const resources = [];
    const init = (id, type, trigger, resource) => types.test(type) && resources.push(resource);
    createHook({ init }).enable();
    const references = () => resources.map((resource) => resource.hasRef?.());
    // As the package does when it is imported.
    createRequire(${literal(entry)})("./js/loader.cjs")(() => {});
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "secret" });
    // Credentials from elsewhere may need TLS, for which the addon asks Node for certificates.
    const chained = dynamoDbCacheDriver({ ...options, credentials: undefined });
    const call = chained.getItem("k");
    report(references());
    await call;
    report(references());
    await chained.dispose();
  `;
  const [during, after] = await runToEnd(body);
  expect(during).toEqual([false, true]);
  expect(after).toEqual([false, false]);
});

describe("[API-12] a process that exits during a request", () => {
  it("process.exit neither waits for the request nor crashes", async () => {
    recorder.hold();
    const body = `
      const held = dynamoDbCacheDriver(slow);
      for (let n = 0; n < 20; n += 1) void held.getItem("k" + n);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      report("exiting");
      process.exit(7);
    `;
    expect(await runToEnd(body, 7)).toEqual(["exiting"]);
    expect(recorder.exchanges.length).toBeGreaterThan(0);
  });

  it("a request in flight keeps the process alive until its response arrives", async () => {
    recorder.delay(500);
    const body = `void dynamoDbCacheDriver(slow).setItem("late", "v").then(() => report("stored"));`;
    expect(await runToEnd(body)).toEqual(["end", "stored"]);
  });

  it("worker threads load, use and release the addon", async () => {
    const body = `
      const { Worker } = await import("node:worker_threads");
      const source = "(" + String(async () => {
        const { parentPort, workerData } = await import("node:worker_threads");
        const { default: factory } = await import(workerData.entry);
        const driver = factory(workerData.options);
        const used = driver.setItem("worker", "v").then(() => driver.getItem("worker"));
        parentPort.postMessage(await used.catch((error) => error.code));
      }) + ")()";
      const workerData = { entry: ${literal(entry)}, options };
      const once = () => new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true, workerData });
        let answer;
        worker.on("message", (message) => (answer = message));
        worker.on("error", reject);
        worker.on("exit", (code) => resolve([code, answer]));
      });
      // One after another, so that each is the last environment when it ends.
      report([await once(), await once()]);
      report(await Promise.all([once(), once(), once()]));
      // An addon that was loaded but not used may be unloaded and loaded again.
      workerData.options.table = "";
      report(await Promise.all([once(), once()]));
      report([await once(), await once()]);
    `;
    const [fine, refused] = ["v", "ERR_DYNAMODB_INVALID_OPTION"].map((answer) => [0, answer]);
    expect(await runToEnd(body)).toEqual([
      [fine, fine],
      [fine, fine, fine],
      [refused, refused],
      [refused, refused],
      "end",
    ]);
  }, 40_000);
});
