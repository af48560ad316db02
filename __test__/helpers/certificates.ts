// A certificate authority that nobody trusts, and a server certificate that it signed, by openssl: Node itself cannot
// make certificates.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

export interface Certificates {
  /** Where the authority's certificate lies. */
  ca: string;
  /** Of a server called `localhost`. */
  cert: Buffer;
  key: Buffer;
}

export function useCertificates(): Certificates {
  const certificates = {} as Certificates;
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-ca-"));
    const at = (name: string): string => join(folder, name);
    const openssl = (...args: string[]): Buffer =>
      execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
    const key = (name: string): string[] =>
      `-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${at(name)}`.split(" ");
    openssl(
      "req",
      "-x509",
      ...key("ca.key"),
      "-out",
      at("ca.pem"),
      "-days",
      "2",
      "-subj",
      "/CN=CA",
    );
    openssl("req", ...key("key.pem"), "-out", at("request"), "-subj", "/CN=localhost");
    writeFileSync(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
    const signed = `-CA ${at("ca.pem")} -CAkey ${at("ca.key")} -CAcreateserial -days 2`.split(" ");
    const files = ["-in", at("request"), "-extfile", at("names"), "-out", at("cert.pem")];
    openssl("x509", "-req", ...files, ...signed);
    certificates.ca = at("ca.pem");
    certificates.cert = readFileSync(at("cert.pem"));
    certificates.key = readFileSync(at("key.pem"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return certificates;
}
