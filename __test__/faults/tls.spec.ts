// TLS: closed where it must be, with the reason, and open wherever Node's own https is.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { Authority } from "../helpers/certificates";
import { runCase } from "./helpers/case";
import { found, ScriptedEndpoint, type Tls } from "../helpers/endpoint";
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
    ["of an unknown authority", () => authority.issue(), {}],
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

describe("a refused certificate", () => {
  const env = { NODE_EXTRA_CA_CERTS: authority.file };
  const wrong: [string, () => Tls, Record<string, string>, RegExp][] = [
    [
      "names another host",
      () => authority.issue("DNS:elsewhere.example"),
      env,
      /names elsewhere\.example/,
    ],
    ["has a common name alone", () => authority.issue(""), env, /no subjectAltName.*CN/],
    ["has expired", () => authority.issue(undefined, -1), env, /has expired/],
    [
      "is of an unknown authority",
      () => stranger.issue(),
      env,
      /NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE/,
    ],
    ["is its own authority", () => stranger.selfSigned(), env, /CA:TRUE.*NODE_EXTRA_CA_CERTS/],
    [
      "is refused where nothing should be",
      () => stranger.issue(),
      { ...env, NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_NO_WARNINGS: "1" },
      /NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed/,
    ],
  ];
  it.each(wrong)("[TLS-6] that %s: the message says so", async (_, tls, variables, words) => {
    const { error } = await readOver(tls(), variables);
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 0 });
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/https:\/\/127\.0\.0\.1:\d+/);
  });
});

describe("a certificate that is trusted itself", () => {
  it("[TLS-5] is accepted, whoever names it, as by Node", async () => {
    const own = authority.selfSigned();
    for (const name of ["NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE", "SSL_CERT_FILE"]) {
      const { value, node } = await readOver(own, { [name]: own.file });
      expect(value, name).toBe("v");
      if (name === "NODE_EXTRA_CA_CERTS") expect(node).toBe("ok");
    }
  });

  const wrong: [string, { names?: string; period?: [string, string] }, RegExp][] = [
    ["another host", { names: "DNS:elsewhere.example" }, /names elsewhere\.example/],
    ["no host", { names: "" }, /no subjectAltName/],
    ["a time that is over", { period: ["2020", "2021"] }, /expired \d+ days ago/],
    ["a time that is to come", { period: ["2120", "2121"] }, /only valid in \d+ days/],
  ];
  it.each(wrong)("[TLS-5] is refused where it is for %s", async (_, how, words) => {
    const own = authority.selfSigned(how);
    const { error } = await readOver(own, { NODE_EXTRA_CA_CERTS: own.file });
    expect(error.code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(error.message).toMatch(words);
  });
});

describe("a handshake", () => {
  it("[NET-9] that breaks off is tried again", async () => {
    let count = 0;
    // An alert "internal error", a reset, and the end, in turn.
    const breaks = [
      (socket: Socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 80])),
      (socket: Socket) => socket.resetAndDestroy(),
      (socket: Socket) => socket.end(),
    ];
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => breaks[count++ % breaks.length]?.(socket));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: ${literal(url)}, maxAttempts: 4 }).getItem("k")));`,
      { prepare: () => (count = 0) },
    );
    server.close();
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 0 });
    expect(count).toBe(4);
  });

  it("[NET-9] with a peer that speaks no TLS is not, and the message says what to write", async () => {
    const plain = new ScriptedEndpoint();
    await plain.start();
    const url = plain.endpoint.replace("http:", "https:");
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: ${literal(url)}, maxAttempts: 4 }).getItem("k")));`,
      { prepare: () => plain.reset() },
    );
    plain.stop();
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 0 });
    expect(reports[0].error.message).toMatch(/does not speak TLS.*write http:/);
    expect(plain.connections).toBe(1);
  });
});

describe("a server that wants a certificate of the client", () => {
  // Over TLS 1.2 it ends the handshake with an alert that has other meanings as well.
  it("[NET-9] over TLS 1.3: final, and the message says so", async () => {
    const server = new ScriptedEndpoint({
      ...authority.issue(),
      requestCert: true,
      rejectUnauthorized: true,
      ca: authority.pem,
      minVersion: "TLSv1.3",
    });
    await server.start();
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: ${literal(server.endpoint)}, maxAttempts: 3 }).getItem("k")));`,
      { env: { NODE_EXTRA_CA_CERTS: authority.file }, lagMs: 500 },
    );
    server.stop();
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 1 });
    expect(reports[0].error.message).toContain("asks for a certificate of the client");
  });
});

describe("an http: endpoint that speaks TLS", () => {
  it("[NET-9] is said to need https:, where its answer tells", async () => {
    // What servers with OpenSSL or rustls answer to a request in the clear.
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: ${literal(url)}, maxAttempts: 3 }).getItem("k")));`,
    );
    server.close();
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", attempts: 1 });
    expect(reports[0].error.message).toContain("must begin with https:");
  });
});

describe("a process without descriptors", () => {
  it("[TLS-9] does not forget the authorities that it could not read", async () => {
    const server = new ScriptedEndpoint(authority.issue());
    await server.start();
    server.script(() => found("v"));
    const { reports } = await runCase(
      `const { openSync, closeSync } = await import("node:fs");
       const driver = make({ endpoint: ${literal(server.endpoint)}, maxAttempts: 1, timeout: 2000 });
       const taken = [];
       try { for (;;) taken.push(openSync("/dev/null", "r")); } catch {}
       const during = await settle(driver.getItem("k"));
       taken.forEach((descriptor) => closeSync(descriptor));
       report(during);
       report(await settle(driver.getItem("k")));`,
      {
        env: { SSL_CERT_FILE: authority.file },
        through: ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh"],
        lagMs: 500,
      },
    );
    server.stop();
    expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(CONNECTION|TIMEOUT)$/);
    expect(reports[1].value).toBe("v");
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
