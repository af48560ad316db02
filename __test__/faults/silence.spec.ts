// Peers that say nothing, too little, or too slowly: no call hangs, and none keeps the process alive.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { ChaosProxy } from "./rig/chaos.mjs";
import { literal } from "../helpers/child";
import { type Outcome, runCase } from "./helpers/case";
import { type Reply, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
const timeout = { name: "TimeoutError", code: "ERR_DYNAMODB_TIMEOUT", retryable: true };

/** One read and one write against `url`. */
async function bothAgainst(url: string, options: object): Promise<Outcome[]> {
  const body = `
    const driver = make({ endpoint: ${literal(url)}, ...${literal(options)} });
    const calls = [driver.getItem("k"), driver.setItem("k", canary.value), driver.getKeys()];
    report(await Promise.all(calls.map((call) => settle(call, 10_000))));
  `;
  const { reports } = await runCase(body);
  return reports[0];
}

describe("a black hole", () => {
  it.each([
    ["before a byte of the request", { requestBytes: 0 }],
    ["in the middle of the request", { requestBytes: 100 }],
    ["in the middle of the answer", { responseBytes: 20 }],
  ])("[case 06] after the connection was accepted, %s: a TimeoutError", async (_, where) => {
    const proxy = new ChaosProxy(inject("endpoint"), () => ({ ...where, end: "silence" }));
    await proxy.start();
    try {
      const options = { attemptTimeout: 400, timeout: 1500 };
      for (const { ms, error } of await bothAgainst(proxy.endpoint, options)) {
        expect(error).toMatchObject(timeout);
        expect(ms).toBeGreaterThan(390);
        expect(ms).toBeLessThan(4000);
      }
      expect(proxy.connections).toBeGreaterThan(3);
    } finally {
      await proxy.stop();
    }
  });

  it("[case 06] before it is accepted (no SYN-ACK): a TimeoutError of connecting", async () => {
    const deaf = await deafListener();
    try {
      const options = { connectTimeout: 200, maxAttempts: 2 };
      for (const { ms, error } of await bothAgainst(`http://127.0.0.1:${deaf.port}`, options)) {
        expect(error.code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|CONNECTION)$/);
        expect(error.retryable).toBe(true);
        expect(ms).toBeGreaterThan(390);
        expect(ms).toBeLessThan(4000);
      }
    } finally {
      deaf.stop();
    }
  });
});

/** Listens and never accepts; its backlog is full, so the kernel drops every further SYN. */
async function deafListener(): Promise<{ port: number; stop: () => void }> {
  const script = `
    const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 });
    server.on("listening", () => {
      console.log(server.address().port);
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 200);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout! }), "line");
  const port = Number(line);
  await sleep(400);
  const fillers: Socket[] = [];
  // Full once a connection does not come about any more.
  for (let isFull = false; !isFull;) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    fillers.push(socket);
    isFull = await Promise.race([once(socket, "connect").then(() => false), sleep(500, true)]);
  }
  const stop = (): void => {
    fillers.forEach((socket) => socket.destroy());
    child.kill("SIGKILL");
  };
  return { port, stop };
}

describe("an answer in drops", () => {
  const item = { Item: { value: { S: "v".repeat(100) } }, Items: [] };
  const length = JSON.stringify(item).length;
  const slow: [string, Reply][] = [
    ["one byte after the other", { body: item, drip: { bytes: 1, everyMs: 300 } }],
    ["all but the last byte", { body: item, sent: length - 1, ending: "hang" }],
    ["the head alone", { body: item, sent: 0, ending: "hang" }],
    ["nothing at all", { silent: true, ending: "hang" }],
  ];

  it.each(slow)("[case 07] %s: the time for the request ends it", async (_, reply) => {
    endpoint.script(() => reply);
    const options = { attemptTimeout: 500, timeout: 1200 };
    for (const { ms, error } of await bothAgainst(endpoint.endpoint, options)) {
      expect(error).toMatchObject(timeout);
      expect(ms).toBeGreaterThan(490);
      expect(ms).toBeLessThan(4000);
    }
    // Three calls of at most four attempts: no endless trying.
    expect(endpoint.seen.length).toBeLessThanOrEqual(12);
  });
});
