// TLS: closed where it must be, with the reason, and open wherever Node's own https is.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { Authority } from "./helpers/certificates";
import { type Outcome, runCase } from "./helpers/case";
import { found, ScriptedEndpoint, type Tls } from "./helpers/endpoint";

const authority = new Authority();
const stranger = new Authority("Somebody else");
afterAll(() => {
  authority.remove();
  stranger.remove();
});

/** One read of an endpoint with this certificate, in this environment; what Node's https says beside it. */
async function readOver(
  tls: Tls,
  env: Record<string, string>,
): Promise<Outcome & { node: string }> {
  const endpoint = new ScriptedEndpoint(tls);
  await endpoint.start();
  endpoint.script(() => found("v"));
  try {
    const { reports } = await runCase(
      `const { request } = await import("node:https");
       const node = await new Promise((resolve) => {
         const asked = request(${literal(endpoint.endpoint)}, (answer) => resolve(answer.resume() && "ok"));
         asked.on("error", (error) => resolve(error.code));
         asked.end();
       });
       await sleep(50);
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 1, timeout: 10_000 });
       report({ ...(await settle(driver.getItem("k"))), node });`,
      { env, lagMs: 500 },
    );
    return { ...reports[0], version: endpoint.seen.at(-1)?.httpVersion };
  } finally {
    endpoint.stop();
  }
}

describe("a certificate that must not be trusted", () => {
  const trusting = { NODE_EXTRA_CA_CERTS: authority.file };
  const wrong: [string, () => Tls, Record<string, string>][] = [
    ["self-signed", () => authority.selfSigned(), trusting],
    ["expired", () => authority.issue(undefined, -1), trusting],
    ["of another host", () => authority.issue("DNS:elsewhere.example"), trusting],
    ["of an unknown authority", () => stranger.issue(), trusting],
    ["of an authority that nobody was told of", () => authority.issue(), {}],
    ["over TLS 1.0 or 1.1", () => ({ ...authority.issue(), ...old }), trusting],
  ];
  const old = {
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  } as const;

  it.each(wrong)(
    "[case 28] %s: refused, with the reason, and nothing is sent",
    async (_, tls, env) => {
      const { error, shown } = await readOver(tls(), env);
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", name: "ConnectionError" });
      expect(shown).toMatch(/certificate|handshake|protocol|TLS/i);
    },
  );

  it("[case 28] a handshake that stalls: an error in time", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(url)}, connectTimeout: 300, maxAttempts: 2 });
       report(await settle(driver.getItem("k")));`,
    );
    server.close();
    expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|CONNECTION)$/);
    expect(reports[0].ms).toBeLessThan(5000);
  });
});

describe("a certificate that Node trusts", () => {
  let good: Tls;
  beforeAll(() => {
    good = authority.issue();
  });
  const none = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: "/nonexistent" };

  it.each([
    ["by NODE_EXTRA_CA_CERTS", { NODE_EXTRA_CA_CERTS: authority.file }],
    ["also where the system has no certificates", { NODE_EXTRA_CA_CERTS: authority.file, ...none }],
  ])("[case 28] %s: works", async (_, env) => {
    const { value, error, node } = await readOver(good, env);
    expect([node, value, error?.message]).toEqual(["ok", "v", undefined]);
  });

  it("[case 28] over HTTP/1.1 or HTTP/2, whatever is offered", async () => {
    const { value } = await readOver(
      { ...good, h2: true },
      { NODE_EXTRA_CA_CERTS: authority.file },
    );
    expect(value).toBe("v");
  });

  it("[case 28] by AWS_CA_BUNDLE alone: works", async () => {
    const { value } = await readOver(good, { AWS_CA_BUNDLE: authority.file });
    expect(value).toBe("v");
  });

  it.each([
    ["no certificate", "garbage"],
    ["half a certificate", () => authority.pem.slice(0, 400)],
    ["a certificate of garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
  ])("[case 28] AWS_CA_BUNDLE with %s: an error that names it, no crash", async (_, text) => {
    const content = typeof text === "string" ? text : text();
    const file = authority.write("broken.pem", content);
    const { error } = await readOver(good, { AWS_CA_BUNDLE: file });
    expect(error.code).toMatch(/^ERR_DYNAMODB_(INVALID_OPTION|CONNECTION)$/);
    expect(error.message).toContain("AWS_CA_BUNDLE");
  });
});
