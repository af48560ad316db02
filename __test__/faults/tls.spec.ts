// TLS: connections fail when they must, with a reason, and succeed whenever Node's own https does.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { Authority } from "../helpers/certificates";
import { literal } from "../helpers/child";
import { found, ScriptedEndpoint, type Tls } from "../helpers/endpoint";
import { type Outcome, read, runCase } from "./helpers/case";

const authority = new Authority();
const stranger = new Authority("Somebody else");
afterAll(() => {
  authority.remove();
  stranger.remove();
});
const trusting = { NODE_EXTRA_CA_CERTS: authority.file };

/** Reads from an endpoint with this certificate in this environment, and returns the result of Node's own https too. */
async function readOver(
  tls: Tls,
  env: Record<string, string>,
): Promise<Outcome & { node: string }> {
  const { endpoint, stop } = await serve(tls);
  const driver = { endpoint, maxAttempts: 1, timeout: 10_000 };
  const [outcome] = await runCase(
    `const { request } = await import("node:https");
     const node = await new Promise((resolve) => {
       const asked = request(${literal(endpoint)}, (answer) => resolve(answer.resume() && "ok"));
       asked.on("error", (error) => resolve(error.code));
       asked.end();
     });
     await sleep(50);
     report({ ...(await settle(driver.getItem("k"))), node });`,
    { driver, env, lagMs: 500 },
  ).finally(stop);
  return outcome;
}

async function serve(tls: Tls): Promise<{ endpoint: string; stop: () => void }> {
  const server = await new ScriptedEndpoint(tls).start();
  server.script(() => found("v"));
  return { endpoint: server.endpoint, stop: () => server.stop() };
}

describe("a certificate", () => {
  const ciphers = "DEFAULT@SECLEVEL=0";
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers } as const;
  const unverified = { ...trusting, NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" };
  const elsewhere = "DNS:elsewhere.example";
  const refused: [string, () => Tls, RegExp, Record<string, string>?][] = [
    ["self-signed", () => authority.selfSigned(), /CA:TRUE.*NODE_EXTRA_CA_CERTS/],
    ["expired", () => authority.issue(undefined, -1), /has expired/],
    ["of another host", () => authority.issue(elsewhere), /names elsewhere\.example/],
    ["for a common name alone", () => authority.issue(""), /no subjectAltName.*CN/],
    ["of an unknown authority", () => stranger.issue(), /NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE/],
    ["of an authority that is not named", () => authority.issue(), /NODE_EXTRA_CA_CERTS/, {}],
    ["over TLS 1.0 or 1.1", () => ({ ...authority.issue(), ...old }), /handshake|protocol/],
    ["that Node is set to accept", () => stranger.issue(), /=0 is not followed/, unverified],
  ];
  it.each(refused)(
    "[case 28] [TLS-6] %s: refused, with the reason, and nothing is sent",
    async (_, tls, words, env = trusting) => {
      const { error } = await readOver(tls(), env);
      const code = "ERR_DYNAMODB_CONNECTION";
      expect(error).toMatchObject({ code, name: "ConnectionError", attempts: 0 });
      expect(error.message).toMatch(words);
      expect(error.message).toMatch(/https:\/\/127\.0\.0\.1:\d+/);
    },
  );

  it("[TLS-5] that is trusted itself is rejected for another host", async () => {
    const own = authority.selfSigned(elsewhere);
    const { error } = await readOver(own, { NODE_EXTRA_CA_CERTS: own.file });
    expect(error.message).toMatch(/names elsewhere\.example/);
  });

  const own = authority.selfSigned();
  it.each<[string, Tls, Record<string, string>]>([
    ["[case 28] of an authority that Node trusts", authority.issue(), trusting],
    ["[case 28] of it, where HTTP/2 is offered", { ...authority.issue(), h2: true }, trusting],
    ["[TLS-5] that NODE_EXTRA_CA_CERTS itself names", own, { NODE_EXTRA_CA_CERTS: own.file }],
    ["[TLS-5] that AWS_CA_BUNDLE itself names", own, { AWS_CA_BUNDLE: own.file }],
    ["[TLS-5] that SSL_CERT_FILE itself names", own, { SSL_CERT_FILE: own.file }],
  ])("%s: accepted", async (_, tls, env) => {
    const { value, node } = await readOver(tls, env);
    expect(value).toBe("v");
    if ("NODE_EXTRA_CA_CERTS" in env) expect(node).toBe("ok");
  });
});

describe("a peer", () => {
  const says = (text: string) => (socket: Socket) => void socket.end(text, "latin1");
  // An alert "internal error", a reset, and a close, in turn.
  const breaks = [
    says("\x15\x03\x03\0\x02\x02\x50"),
    (socket: Socket) => void socket.resetAndDestroy(),
    (socket: Socket) => void socket.end(),
  ];
  const plain = says("HTTP/1.1 400 Bad Request\r\n\r\n");
  // The response of OpenSSL and rustls servers to a plain HTTP request.
  const alert = says("\x15\x03\x01\0\x02\x02\x46");
  const wrong: [string, string, number, Array<(socket: Socket) => void>, RegExp][] = [
    ["[case 28] stalls", "https", 4, [() => {}], /no response from .* in time/],
    ["[NET-9] breaks off: tried again", "https", 4, breaks, /TLS handshake/],
    ["[NET-9] speaks no TLS: final", "https", 1, [plain], /does not speak TLS.*write http:/],
    ["[NET-9] speaks TLS at an http: endpoint: final", "http", 1, [alert], /begin with https:/],
  ];
  it.each(wrong)("that %s, and the message says so", async (title, scheme, times, how, words) => {
    let count = 0;
    const server = createServer((socket) => {
      const answer = how[count++ % how.length];
      socket.on("error", () => {});
      socket.once("data", () => answer?.(socket));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const prepare = (): void => void (count = 0);
    const driver = { endpoint, connectTimeout: 300, maxAttempts: 4 };
    const { error, ms } = await read(driver, { prepare }).finally(() => server.close());
    const code = `ERR_DYNAMODB_${title.includes("stalls") ? "TIMEOUT" : "CONNECTION"}`;
    expect(error).toMatchObject({ code, attempts: scheme === "http" ? 1 : 0 });
    expect(error.message).toMatch(words);
    expect(count).toBe(times);
    expect(ms).toBeLessThan(5000);
  });

  // With TLS 1.2, the handshake ends with an alert that also has other meanings.
  it("[NET-9] that requires a client certificate: final, and the message says so", async () => {
    const client = { requestCert: true, rejectUnauthorized: true, ca: authority.pem };
    const { endpoint, stop } = await serve({
      ...authority.issue(),
      ...client,
      minVersion: "TLSv1.3",
    });
    const { error } = await read(
      { endpoint, maxAttempts: 3 },
      { env: trusting, lagMs: 500 },
    ).finally(stop);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 1 });
    expect(error.message).toContain("asks for a certificate of the client");
  });
});
