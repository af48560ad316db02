// TLS: closed where it must be, with the reason, and open wherever Node's own https is.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { Authority } from "../helpers/certificates";
import { runCase } from "./helpers/case";
import type { Tls } from "./helpers/endpoint";
import { readOver } from "./helpers/tls";

const authority = new Authority();
const stranger = new Authority("Somebody else");
afterAll(() => {
  authority.remove();
  stranger.remove();
});

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
  it("[case 28] over HTTP/1.1, also where HTTP/2 is offered, or over that: works", async () => {
    const env = { NODE_EXTRA_CA_CERTS: authority.file };
    for (const h2 of [false, true]) {
      const { value, node } = await readOver({ ...authority.issue(), h2 }, env);
      expect([node, value]).toEqual(["ok", "v"]);
    }
  });

  it("[case 28] AWS_CA_BUNDLE that is broken: an error that names it, or a refusal; no crash", async () => {
    for (const text of [
      "garbage",
      authority.pem.slice(0, 400),
      "-----BEGIN CERTIFICATE-----\nAAAA\n",
    ]) {
      const env = { AWS_CA_BUNDLE: authority.write("broken.pem", text) };
      const { error } = await readOver(authority.issue(), env);
      expect(error.code).toMatch(/^ERR_DYNAMODB_(INVALID_OPTION|CONNECTION)$/);
    }
  });
});
