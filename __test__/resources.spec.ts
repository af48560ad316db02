// The resources of the process that the driver uses: file descriptors, and what remains when a driver is dropped.
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entry, literal } from "./helpers/child";
import { credentials } from "./helpers/table";

let server: Server;
let open = 0;
let most = 0;
const options: Record<string, unknown> = { table: "t-1", region: "us-east-1", credentials };

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on("end", () => response.end("{}"));
  });
  server.on("connection", (connection) => {
    most = Math.max(most, (open += 1));
    connection.on("close", () => (open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  options.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Runs a script in a Node process with this limit on open files. */
function limited(descriptors: number, script: string, flags: string[] = []): Promise<any> {
  most = 0;
  const code = `import make from ${literal(entry)}; const options = ${literal(options)}; ${script}`;
  const node = [process.execPath, ...flags, "--input-type=module", "--eval", code];
  const child = spawn("sh", ["-c", `ulimit -n ${descriptors} && exec "$@"`, "sh", ...node], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit, signal) => {
      if (exit === 0) resolve(JSON.parse(text));
      else reject(new Error(`ended with ${exit ?? signal}: ${text}`));
    });
  });
}

describe("file descriptors", () => {
  it("[ENV-2] 1,000 parallel reads with 64 descriptors, and with only a few", async () => {
    const script = `
      const driver = make(options);
      const reads = Array.from({ length: 1000 }, (_, n) => driver.getItem("k" + n));
      const results = await Promise.allSettled(reads);
      const failed = results.filter(({ status }) => status === "rejected");
      console.log(JSON.stringify({ failed: failed.length, first: failed[0]?.reason.message ?? null }));
    `;
    for (const descriptors of [64, 32]) {
      expect(await limited(descriptors, script)).toEqual({ failed: 0, first: null });
      expect(most).toBeLessThanOrEqual(Math.min(50, descriptors));
    }
  }, 300_000);
});

describe("drivers that are never disposed", () => {
  it("[ENV-3] their connections close when they are garbage-collected", async () => {
    const script = `
      for (let n = 0; n < 600; n += 1) {
        await make(options).getItem("k");
        if (n % 50 === 49) gc();
      }
      for (let tries = 0; tries < 100; tries += 1) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(true);
    `;
    expect(await limited(1024, script, ["--expose-gc"])).toBe(true);
    // Without garbage collection there were 600.
    expect(most).toBeLessThan(300);
  }, 300_000);
});

describe("the queue", () => {
  it("[TIME-6] is bounded: of more than 100,000 waiting calls, the last is rejected", async () => {
    const script = `
      const driver = make({ ...options, endpoint: "http://127.0.0.1:1", credentials: () => new Promise(() => {}) });
      const codes = {};
      const calls = Array.from({ length: 100_010 }, (_, n) => driver.getItem("k" + n).catch(({ code, retryable }) => {
        const kind = code + " " + retryable;
        codes[kind] = (codes[kind] ?? 0) + 1;
      }));
      while (Object.keys(codes).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await driver.dispose();
      await Promise.all(calls);
      console.log(JSON.stringify(codes));
    `;
    expect(await limited(1024, script)).toEqual({
      "ERR_DYNAMODB_QUEUE_FULL true": 10,
      "ERR_DYNAMODB_CLOSED false": 100_000,
    });
  }, 300_000);
});
