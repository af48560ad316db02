// The driver's use of process resources: file descriptors, connections after garbage collection, and waiting calls.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { entry, literal } from "./helpers/child";
import { useEndpoint } from "./helpers/endpoint";
import { credentials } from "./helpers/table";

const endpoint = useEndpoint();

/** Runs a script with a limit on open files. Returns its report and the maximum number of connections. */
async function limited(descriptors: number, script: string): Promise<{ told: any; peak: number }> {
  endpoint.reset();
  const options = { table: "t-1", region: "us-east-1", credentials, endpoint: endpoint.endpoint };
  const code = `
    import make from ${literal(entry)};
    const options = ${literal(options)};
    const report = (value) => console.log(JSON.stringify(value));
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    ${script}
  `;
  const node = [process.execPath, "--expose-gc", "--input-type=module", "--eval", code];
  const limit = ["-c", `ulimit -n ${descriptors} && exec "$@"`, "sh", ...node];
  const { stdout } = await promisify(execFile)("sh", limit);
  return { told: JSON.parse(stdout), peak: endpoint.peak };
}

it.each([64, 32])(
  "[ENV-2] 1,000 parallel reads succeed with %d file descriptors",
  async (descriptors) => {
    const script = `
    const driver = make(options);
    const reads = Array.from({ length: 1000 }, (_, n) => driver.getItem("k" + n));
    const results = await Promise.allSettled(reads);
    report(results.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message));
  `;
    const { told, peak } = await limited(descriptors, script);
    expect(told).toEqual([]);
    expect(peak).toBeLessThanOrEqual(Math.min(50, descriptors));
  },
  300_000,
);

it("[ENV-3] connections of drivers that are not disposed are closed by garbage collection", async () => {
  const script = `
    for (let n = 0; n < 600; n += 1) {
      await make(options).getItem("k");
      if (n % 50 === 49) gc();
    }
    for (let tries = 0; tries < 100; tries += 1) {
      gc();
      await pause();
    }
    report("done");
  `;
  // Without garbage collection there would be 600.
  expect((await limited(1024, script)).peak).toBeLessThan(300);
}, 300_000);

it("[TIME-6] at most 100,000 calls wait, and further ones are rejected", async () => {
  const script = `
    const driver = make({ ...options, credentials: () => new Promise(() => {}) });
    const codes = {};
    const calls = Array.from({ length: 100_010 }, (_, n) => driver.getItem("k" + n).catch(({ code, retryable }) => {
      const kind = code + " " + retryable;
      codes[kind] = (codes[kind] ?? 0) + 1;
    }));
    while (Object.keys(codes).length === 0) await pause();
    await driver.dispose();
    await Promise.all(calls);
    report(codes);
  `;
  expect((await limited(1024, script)).told).toEqual({
    "ERR_DYNAMODB_QUEUE_FULL true": 10,
    "ERR_DYNAMODB_CLOSED false": 100_000,
  });
}, 300_000);
