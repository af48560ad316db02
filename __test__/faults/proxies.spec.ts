// Failing proxies: the error names the proxy, without its password. The Rust tests cover each response to CONNECT.
import { type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { found } from "../helpers/endpoint";
import { passOn, useForwardProxy } from "../helpers/forward-proxy";
import { useCases } from "./helpers/case";

const { endpoint, run } = useCases();
let count = 0;
/** How the proxy handles a request; undefined: normally. */
let treat: ((socket: Socket) => void) | undefined;
const url = useForwardProxy({
  request: (incoming, outgoing) => (treat ? treat(incoming.socket) : passOn(incoming, outgoing)),
  tunnel: (_, socket) => {
    count += 1;
    treat?.(socket);
  },
});
const proxy = (): string => url("CANARYuser:CANARYpassword@");
const reset = (socket: Socket): void => void socket.resetAndDestroy();
const answer = (text: string) => (socket: Socket) => void socket.end(`${text}\r\n\r\n`);

describe("a proxy", () => {
  it.each([
    ["asks for a password", 1, answer("HTTP/1.1 407 No"), "asks for a user name and a password"],
    ["is broken", 3, answer("HTTP/1.1 502 No"), "answered CONNECT with status 502"],
    ["dies", 3, reset, "closed the connection on CONNECT"],
    ["says nothing", 3, () => {}, "within 300ms"],
    ["speaks no HTTP", 1, answer("SSH-2.0-proxy"), "did not answer CONNECT as an HTTP proxy does"],
  ])(
    "[case 29] [NET-10] [NET-11] that %s: tried %i times, and named without its password",
    async (_, times, how, words) => {
      treat = how;
      const limits = { maxAttempts: 3, connectTimeout: 300, attemptTimeout: 500, timeout: 5000 };
      const [tunnel, plain, shown] = await run(
        `for (const endpoint of ["https://dynamodb.invalid", "http://dynamodb.internal"]) {
           report(await settle(make({ ...options, endpoint }).getItem("k")));
         }
         report(driver.options.proxy);`,
        { driver: { proxy: proxy(), ...limits }, prepare: () => (count = 0) },
      );
      expect(tunnel.error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT)$/);
      expect(tunnel.error.attempts).toBe(0);
      expect(tunnel.shown).toContain(`the proxy ${url()}`);
      expect(tunnel.shown).toContain(words);
      expect(count).toBe(times);
      expect(plain.error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT|SERVICE|RESPONSE)$/);
      for (const { ms } of [tunnel, plain]) expect(ms).toBeLessThan(6000);
      expect(shown).toMatch(/\*\*\*@/);
    },
  );

  it("[case 29] that recovers: the next call works", async () => {
    endpoint.script(() => found("v"));
    const reports = await run(
      `report(await settle(driver.getItem("k")));
       await sleep(300);
       report(await settle(driver.getItem("k")));`,
      {
        driver: { proxy: proxy(), maxAttempts: 1 },
        prepare: () => (treat = reset),
        onReport: () => (treat = undefined),
      },
    );
    expect(reports).toMatchObject([{ error: { code: "ERR_DYNAMODB_CONNECTION" } }, { value: "v" }]);
  });
});
