// Which certificates the driver trusts: those that Node's https trusts, also on systems without a certificate store.
// Each case runs in a separate Node process, because authorities are loaded once per process.
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callInChild, type ChildOptions, entry, literal, runChild } from "./helpers/child";
import { Authority, type Certificate } from "./helpers/certificates";
import { useRecorder } from "./helpers/recorder";
import { credentials } from "./helpers/table";

const recorder = useRecorder();

let authority: Authority;
let certificate: Certificate;
let server: Server;
let endpoint = "";
const asked: string[] = [];

/** The response of STS to a request for a role. */
const role = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>
  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;

beforeAll(async () => {
  authority = new Authority();
  certificate = authority.issue();
  server = createServer(certificate, (request, response) => {
    asked.push(String(request.headers["x-amz-target"] ?? "sts"));
    request.resume().on("end", () => response.end(request.headers["x-amz-target"] ? "{}" : role));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  authority.remove();
});

/** A system without its own certificate store, like `node:*-slim`. */
const bare = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: "/nonexistent" };

async function call(env: Record<string, string>, more: ChildOptions = {}): Promise<any> {
  const options = { table: "t-1", region: "us-east-1", credentials, endpoint, maxAttempts: 1 };
  const { code, reports, stderr } = await callInChild(options, { ...more, env });
  expect({ code, reports: reports.length }, stderr).toEqual({ code: 0, reports: 1 });
  return reports[0];
}

describe("authorities", () => {
  it("[TLS-1] NODE_EXTRA_CA_CERTS, also on a system without a store", async () => {
    expect(await call({ ...bare, NODE_EXTRA_CA_CERTS: authority.file })).toBeNull();
  });

  it("[TLS-1] the system's own store", async () => {
    expect(await call({ SSL_CERT_FILE: authority.file })).toBeNull();
  });

  it("[TLS-1] Node's list alone is enough, but does not contain this authority", async () => {
    const script = `
      const driver = dynamoDbCacheDriver(${literal({ table: "t-1", region: "us-east-1", credentials, endpoint, maxAttempts: 1 })});
      const { code, cause } = await failure(driver.getItem("k"));
      report({ code, cause: cause.message });
    `;
    const { reports } = await runChild(script, { env: bare });
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION" });
    expect(reports[0].cause).toContain("UnknownIssuer");
  });

  it("[TLS-2] AWS_CA_BUNDLE is added to them", async () => {
    expect(await call({ ...bare, AWS_CA_BUNDLE: authority.file })).toBeNull();
    const both = { AWS_CA_BUNDLE: "other.pem", NODE_EXTRA_CA_CERTS: authority.file };
    const home = { "other.pem": certificate.cert };
    expect(await call({ ...bare, ...both }, { home })).toBeNull();
  });

  const broken = "-----BEGIN CERTIFICATE-----\nCANARY!\n-----END CERTIFICATE-----\n";
  it.each([
    ["missing", {}],
    ["empty", { bundle: "" }],
    ["no PEM", { bundle: "CANARY\0\u{1f600}" }],
    ["broken", { bundle: broken }],
    ["no certificate", { bundle: broken.replace("CANARY!", "AAAA") }],
  ])("[TLS-2] one that is %s is an error that names it", async (_, home: any) => {
    const error = await call({ AWS_CA_BUNDLE: "bundle" }, { home });
    expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(error.message).toContain("AWS_CA_BUNDLE");
    expect(JSON.stringify(error)).not.toContain("CANARY");
  });

  it("[TLS-1] entries of NODE_EXTRA_CA_CERTS that Node ignores are ignored, and nothing aborts", async () => {
    for (const text of ["CANARY", broken, `${broken}${certificate.cert}`]) {
      const error = await call(
        { ...bare, NODE_EXTRA_CA_CERTS: "extra" },
        { home: { extra: text } },
      );
      expect(error.code).toBe("ERR_DYNAMODB_CONNECTION");
    }
  });

  it("[TLS-3] a plain endpoint reads none of them", async () => {
    const options = { table: "t-1", region: "us-east-1", endpoint: recorder.endpoint };
    recorder.spoil(() => ({ status: 200, body: {} }));
    const env = {
      AWS_CA_BUNDLE: "/nonexistent",
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const script = `
      const { default: tls } = await import("node:tls");
      let read = 0;
      tls.getCACertificates = () => (read += 1, []);
      const driver = dynamoDbCacheDriver(${literal(options)});
      report([await driver.getItem("k"), read]);
    `;
    expect((await runChild(script, { env })).reports).toEqual([[null, 0]]);
  });

  it("[TLS-1] credential sources trust the same authorities, even if DynamoDB's endpoint is plain", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    const env = {
      ...bare,
      NODE_EXTRA_CA_CERTS: authority.file,
      AWS_ENDPOINT_URL_STS: endpoint,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/r",
      AWS_WEB_IDENTITY_TOKEN_FILE: "token",
    };
    const options = { table: "t-1", region: "us-east-1", endpoint: recorder.endpoint };
    asked.length = 0;
    const { reports } = await callInChild(options, { env, home: { token: "web" } });
    expect(reports).toEqual([null]);
    expect(asked).toEqual(["sts"]);
    expect(recorder.exchanges[0]?.accessKeyId).toBe("AKIDROLE");
  });

  it("[TLS-9] a bundle that is created later is read by the next call of the same driver", async () => {
    const options = { table: "t-1", region: "us-east-1", credentials, endpoint, maxAttempts: 1 };
    for (const name of ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
      const script = `
        const { writeFileSync } = await import("node:fs");
        const driver = dynamoDbCacheDriver(${literal(options)});
        report((await failure(driver.getItem("k"))).code);
        writeFileSync("later.pem", ${literal(authority.pem)});
        report(await driver.getItem("k"));
      `;
      const { reports } = await runChild(script, {
        env: { [name]: "later.pem", NODE_NO_WARNINGS: "1" },
      });
      const code = name === "AWS_CA_BUNDLE" ? "INVALID_OPTION" : "CONNECTION";
      expect(reports, name).toEqual([`ERR_DYNAMODB_${code}`, null]);
    }
  });

  it("[TLS-8] a busy thread does not delay others", async () => {
    const options = { table: "t-1", region: "us-east-1", credentials, endpoint };
    const work = `
      Promise.all([import(${literal(entry)}), import("node:worker_threads")]).then(([{ default: make }, threads]) => {
        const flags = new Int32Array(threads.workerData);
        const call = make(${literal(options)}).getItem("k");
        // The call continues by itself. This thread stays busy until the other one has its response.
        Atomics.store(flags, 0, 1);
        Atomics.notify(flags, 0);
        const ended = Atomics.wait(flags, 1, 0, 20_000);
        call.then((value) => threads.parentPort.postMessage([ended, value]));
      });
    `;
    const script = `
      const { Worker } = await import("node:worker_threads");
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const worker = new Worker(${literal(work)}, { eval: true, workerData: flags.buffer });
      const told = new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const value = await dynamoDbCacheDriver(${literal(options)}).getItem("k");
      Atomics.store(flags, 1, 1);
      Atomics.notify(flags, 1);
      report([value, await told]);
    `;
    const env = { ...bare, NODE_EXTRA_CA_CERTS: authority.file };
    const { reports, stderr } = await runChild(script, { env });
    expect(reports, stderr).toEqual([[null, ["ok", null]]]);
  });

  it("[TLS-1] a driver in each of several threads", async () => {
    const options = { table: "t-1", region: "us-east-1", credentials, endpoint };
    const work = `
      import(${literal(entry)}).then(async ({ default: make }) => {
        const value = await make(${literal(options)}).getItem("k");
        const { parentPort } = await import("node:worker_threads");
        parentPort.postMessage(value);
      });
    `;
    const script = `
      const { Worker } = await import("node:worker_threads");
      const begin = () => new Worker(${literal(work)}, { eval: true });
      report(await Promise.all([begin(), begin(), begin()].map((worker) => new Promise(
        (resolve, reject) => worker.on("message", resolve).on("error", reject),
      ))));
    `;
    const env = { ...bare, NODE_EXTRA_CA_CERTS: authority.file };
    expect((await runChild(script, { env })).reports).toEqual([[null, null, null]]);
  });
});

describe("a public host without encryption", () => {
  const exposed = "http://192.0.2.1:9";

  it("[TLS-4] causes one warning per process", async () => {
    const options = {
      table: "t-1",
      region: "us-east-1",
      credentials,
      maxAttempts: 1,
      timeout: 300,
    };
    const script = `
      const seen = [];
      process.on("warning", ({ name, message }) => seen.push({ name, message }));
      const at = (endpoint) => dynamoDbCacheDriver({ ...${literal(options)}, endpoint });
      for (const driver of [at(${literal(exposed)}), at(${literal(exposed)})]) {
        await Promise.all([failure(driver.getItem("k")), failure(driver.hasItem("k"))]);
      }
      await new Promise(setImmediate);
      report(seen);
    `;
    const { reports } = await runChild(script);
    expect(reports[0]).toHaveLength(1);
    expect(reports[0][0].name).toBe("DynamoDbWarning");
    expect(reports[0][0].message).toContain(exposed);
  });

  it("[TLS-4] a private one causes no warning", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    const options = { table: "t-1", region: "us-east-1", credentials, endpoint: recorder.endpoint };
    expect(await callInChild(options, {})).toMatchObject({ reports: [null], stderr: "" });
  });
});
