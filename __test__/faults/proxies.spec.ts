// A proxy that fails: the error says so, and shows no password.
import { type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { passOn, useForwardProxy } from "../helpers/forward-proxy";
import { runCase } from "./helpers/case";
import { found, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

let treat: (socket: Socket) => void = () => {};
const pass = (): void => {};
const proxy = useForwardProxy({
  request: (incoming, outgoing) =>
    treat === pass ? passOn(incoming, outgoing) : treat(incoming.socket),
  tunnel: (_request, socket) => treat(socket),
});
const url = (): string => proxy("CANARYuser:CANARYpassword@");

const status = (code: number) => (socket: Socket) =>
  void socket.end(`HTTP/1.1 ${code} No\r\ncontent-length: 0\r\n\r\n`);

describe("a proxy", () => {
  const failing: [string, (socket: Socket) => void][] = [
    [
      "asks for a password (407)",
      (socket) => socket.end("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"),
    ],
    ["is broken (502)", (socket) => socket.end("HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n")],
    ["dies", (socket) => socket.resetAndDestroy()],
    ["says nothing", () => {}],
    ["speaks no HTTP", (socket) => socket.end("SSH-2.0-proxy\r\n")],
  ];
  const targets = ["http://dynamodb.internal", "https://dynamodb.invalid"];

  it.each(failing)("[case 29] that %s: an error in time, without its password", async (_, how) => {
    treat = how;
    for (const target of targets) {
      const { reports } = await runCase(
        `const driver = make({
           endpoint: ${literal(target)}, proxy: ${literal(url())}, attemptTimeout: 500, timeout: 2000,
         });
         report(await settle(driver.getItem("k")));
         report(driver.options.proxy);`,
      );
      expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT|SERVICE|RESPONSE)$/);
      expect(reports[0].ms).toBeLessThan(6000);
      expect(reports[1]).toMatch(/\*\*\*@/);
    }
  });

  const answers: [string, number, (socket: Socket) => void][] = [
    ["answered CONNECT with status 500", 3, status(500)],
    ["answered CONNECT with status 502", 3, status(502)],
    ["answered CONNECT with status 503", 3, status(503)],
    ["closed the connection on CONNECT", 3, (socket) => socket.end()],
    ["closed the connection on CONNECT", 3, (socket) => socket.resetAndDestroy()],
    ["asks for a user name and a password (status 407)", 1, status(407)],
    ["answered CONNECT with status 403", 1, status(403)],
    [
      "did not answer CONNECT as an HTTP proxy does",
      1,
      (socket) => socket.end("SSH-2.0-proxy\r\n"),
    ],
  ];

  it.each(answers)(
    "[NET-10] [NET-11] that %s: tried %i times, and named",
    async (words, times, how) => {
      let count = 0;
      treat = (socket) => {
        count += 1;
        how(socket);
      };
      const { reports } = await runCase(
        `const driver = make({ endpoint: "https://dynamodb.invalid", proxy: ${literal(url())}, maxAttempts: 3 });
       report(await settle(driver.getItem("k")));`,
        { prepare: () => (count = 0) },
      );
      const { error } = reports[0];
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 0 });
      expect(error.message).toContain(`the proxy ${proxy()} ${words}`);
      expect(count).toBe(times);
    },
  );

  it("[NET-11] that says nothing is named when the time is up", async () => {
    treat = () => {};
    const { reports } = await runCase(
      `const driver = make({
         endpoint: "https://dynamodb.invalid", proxy: ${literal(url())}, connectTimeout: 300, maxAttempts: 1,
       });
       report(await settle(driver.getItem("k")));`,
    );
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT" });
    expect(reports[0].shown).toContain(`through the proxy ${proxy()}`);
  });

  it("[case 29] that comes back: the next call works", async () => {
    let count = 0;
    endpoint.script(() => found("v"));
    const body = `
      const driver = make({
        endpoint: ${literal(endpoint.endpoint)}, proxy: ${literal(url())}, maxAttempts: 1,
      });
      report(await settle(driver.getItem("k")));
      await sleep(300);
      report(await settle(driver.getItem("k")));
    `;
    const { reports } = await runCase(body, {
      prepare: () => {
        count = 0;
        treat = (socket) => socket.resetAndDestroy();
      },
      onReport: () => {
        count += 1;
        treat = pass;
      },
    });
    expect(reports[0].error.code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(reports[1].value).toBe("v");
    expect(count).toBeGreaterThan(0);
  });
});

describe("a dead end", () => {
  it("[case 29] an unreachable proxy is named, without its password", async () => {
    const { reports } = await runCase(
      `const proxy = "http://CANARYuser:CANARYpassword@127.0.0.1:9";
       const driver = make({ endpoint: "https://dynamodb.invalid", proxy, maxAttempts: 1 });
       report(await settle(driver.getItem("k")));`,
    );
    expect(reports[0].error.code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(reports[0].error.message).toContain("the proxy http://127.0.0.1:9 ");
  });
});
