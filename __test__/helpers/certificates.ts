// Creates certificates with openssl: an authority, and server certificates with one defect each.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  key: string;
  cert: string;
}

export class Authority {
  readonly #directory = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-ca-"));
  #serial = 1;

  constructor(readonly name = "A test's authority") {
    this.#openssl(
      "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -subj",
      `/CN=${name}`,
    );
  }

  /** The certificate of the authority, as a file and as text. */
  get file(): string {
    return join(this.#directory, "ca.pem");
  }

  get pem(): string {
    return readFileSync(this.file, "utf8");
  }

  /** Issues a server certificate for these names or a common name. With `days` below 0, it expired yesterday. */
  issue(names = "IP:127.0.0.1,DNS:localhost", days = 30): Certificate {
    const name = `server${(this.#serial += 1)}`;
    this.#openssl(
      `req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=server`,
    );
    const ofNames = names && `subjectAltName=${names}\n`;
    const extensions = `${ofNames}basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`;
    writeFileSync(join(this.#directory, `${name}.ext`), extensions);
    this.#openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -set_serial ${this.#serial} -out ${name}.pem -extfile ${name}.ext -days ${days}`,
    );
    return this.#read(name);
  }

  /** A self-signed CA certificate for these names, as `openssl req -x509` creates it, also as a file. */
  selfSigned(names = "IP:127.0.0.1,DNS:localhost"): Certificate & { file: string } {
    const name = `self${(this.#serial += 1)}`;
    this.#openssl(
      `req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=127.0.0.1 -keyout ${name}.key -out ${name}.pem`,
      "-addext",
      `subjectAltName=${names}`,
    );
    return { ...this.#read(name), file: join(this.#directory, `${name}.pem`) };
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
