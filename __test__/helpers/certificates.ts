// Certificates of a test's own, made by openssl when they are needed: an authority, and servers that are wrong in one way
// each.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  key: string;
  cert: string;
}

/** What `openssl ca`, which alone can choose when a certificate begins, wants to be told. */
const ownAuthority = `
[ca]
default_ca = own
[own]
database = own.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
`;

export class Authority {
  readonly #directory = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-ca-"));
  #serial = 1;

  constructor(readonly name = "A test's authority") {
    this.#openssl(
      "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -addext",
      "basicConstraints=critical,CA:TRUE",
      "-addext",
      "keyUsage=critical,keyCertSign,cRLSign",
      "-subj",
      `/CN=${name}`,
    );
  }

  /** The authority's own certificate as a file, and as text. */
  get file(): string {
    return join(this.#directory, "ca.pem");
  }

  get pem(): string {
    return readFileSync(this.file, "utf8");
  }

  /** Another file in its folder. */
  write(name: string, text: string): string {
    const path = join(this.#directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** A server's certificate for these names, or a common name alone; one that expired yesterday with `days` below 0. */
  issue(names = "IP:127.0.0.1,DNS:localhost", days = 30): Certificate {
    const name = `server${(this.#serial += 1)}`;
    this.#openssl(
      `req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj`,
      "/CN=server",
    );
    const ofNames = names && `subjectAltName=${names}\n`;
    const extensions = `${ofNames}basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`;
    this.write(`${name}.ext`, extensions);
    this.#openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -set_serial ${this.#serial} -out ${name}.pem`,
      "-extfile",
      `${name}.ext`,
      "-days",
      String(days),
    );
    return this.#read(name);
  }

  /**
   * A self-signed CA certificate, as `openssl req -x509` creates it, also as a file.
   * It is for these names (none: it has a common name alone), for 30 days from now or from one year to another.
   */
  selfSigned({
    names = "IP:127.0.0.1,DNS:localhost",
    period,
  }: { names?: string; period?: [string, string] } = {}): Certificate & { file: string } {
    const name = `self${(this.#serial += 1)}`;
    const [key, cert, request] = [`${name}.key`, `${name}.pem`, `${name}.csr`];
    const extension = names && `subjectAltName=${names}\n`;
    if (period) {
      const [from, to] = period.map((year) => `${year}0101000000Z`) as [string, string];
      this.write("own.cnf", ownAuthority);
      this.write("own.ext", `basicConstraints=critical,CA:TRUE\n${extension}`);
      this.write("own.txt", "");
      this.#openssl(
        `req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout ${key} -out ${request}`,
      );
      this.#openssl(
        `ca -config own.cnf -batch -notext -selfsign -extfile own.ext -startdate ${from} -enddate ${to} -keyfile ${key} -in ${request} -out ${cert}`,
      );
    } else {
      this.#openssl(
        `req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=127.0.0.1 -keyout ${key} -out ${cert}`,
        ...(names ? ["-addext", extension.trim()] : []),
      );
    }
    return { ...this.#read(name), file: join(this.#directory, cert) };
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #read(name: string): Certificate {
    const text = (end: string): string => readFileSync(join(this.#directory, name + end), "utf8");
    return { key: text(".key"), cert: text(".pem") };
  }

  #openssl(words: string, ...more: string[]): void {
    const parameters = [...words.split(" "), ...more];
    execFileSync("openssl", parameters, { cwd: this.#directory, stdio: "pipe" });
  }
}
