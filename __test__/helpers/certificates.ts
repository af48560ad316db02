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

  /** A file beside it. */
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
   * A certificate that nobody vouches for but itself, as a file, too: an authority's, as `openssl req -x509` makes them.
   * It is for these names (none: it has a common name alone), for 30 days from now or from `at`.
   */
  selfSigned({ names = "IP:127.0.0.1,DNS:localhost", at = "" } = {}): Certificate & { file: string } {
    const name = `self${(this.#serial += 1)}`;
    const extension = names && ["-addext", `subjectAltName=${names}`];
    this.#run(at ? ["faketime", at, "openssl"] : ["openssl"], [
      ..."req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=127.0.0.1".split(" "),
      ...["-keyout", `${name}.key`, "-out", `${name}.pem`],
      ...extension,
    ]);
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
    this.#run(["openssl"], [...words.split(" "), ...more]);
  }

  #run([program = "", ...first]: string[], parameters: string[]): void {
    execFileSync(program, [...first, ...parameters], { cwd: this.#directory, stdio: "pipe" });
  }
}
