// The environment is JavaScript's `process.env`, which may differ from that of the process in several ways. In all
// these tests, the environment of the process points to a stand-in for production that must not receive any request.
import { beforeEach, describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, entry, literal, runChild } from "./helpers/child";
import { useEndpoint } from "./helpers/endpoint";
import { useRecorder } from "./helpers/recorder";

const recorder = useRecorder();

/** Must not receive any request. */
const production = useEndpoint();
beforeEach(() => {
  recorder.spoil(() => ({ status: 200, body: {} }));
});
/** The variables of the process. Each of them alone would lead to production. */
const ofProcess = (): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: "AKIDPRODUCTION",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "eu-central-1",
  AWS_ENDPOINT_URL: production.endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: production.endpoint,
  AWS_ENDPOINT_URL_STS: production.endpoint,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${production.endpoint}/credentials`,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: production.endpoint,
  AWS_EC2_METADATA_DISABLED: "false",
  AWS_CONFIG_FILE: "production-config",
  HTTP_PROXY: production.endpoint,
  HTTPS_PROXY: production.endpoint,
  UNSTORAGE_DYNAMODB_TABLE: "production",
});
const productionFiles = {
  "production-config":
    "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Environment\n",
};

/** The variables of the program. */
const ofProgram = (): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: "AKIDLOCAL",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "us-east-1",
  AWS_ENDPOINT_URL_DYNAMODB: recorder.endpoint,
  AWS_EC2_METADATA_DISABLED: "true",
  UNSTORAGE_DYNAMODB_TABLE: "local",
});

/** Runs a script with `local`, the program's variables, in scope. */
function run(script: string, { env, home, ...more }: ChildOptions = {}): Promise<ChildResult> {
  const local = `const local = ${literal(ofProgram())};`;
  return runChild(local + script, {
    ...more,
    env: { ...ofProcess(), ...env },
    home: { ...productionFiles, ...home },
  });
}

/** In a worker thread. It runs `set` first, and `use` reports. */
const inWorker = (options: string, set: string, use: string): string => `
  const { Worker } = await import("node:worker_threads");
  const source = async () => {
    const { parentPort, workerData } = await import("node:worker_threads");
    const { default: dynamoDbCacheDriver } = await import(workerData.entry);
    const { local } = workerData;
    const report = (value) => parentPort.postMessage(value);
    ${set}
    ${use}
  };
  const worker = new Worker("(" + source + ")()", {
    eval: true, workerData: { entry: ${literal(entry)}, local }, ${options}
  });
  worker.on("message", report);
  await new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
`;

const call = `report(await dynamoDbCacheDriver({ proxy: true }).getItem("k"));`;

const ways: [string, string][] = [
  ["`process.env` is replaced", `process.env = local; ${call}`],
  [
    "`process.env` is replaced by a copy with changes",
    `process.env = { ...process.env, ...local, HTTP_PROXY: undefined }; ${call}`,
  ],
  [
    "it is changed between the load of the module and the first call",
    `const driver = dynamoDbCacheDriver({ proxy: true });
     Object.assign(process.env, local);
     delete process.env.HTTP_PROXY;
     report(await driver.getItem("k"));`,
  ],
  ["a worker thread has its own", inWorker("env: local", "", call)],
  [
    "a worker thread changes its copy",
    inWorker("", `Object.assign(process.env, local); delete process.env.HTTP_PROXY;`, call),
  ],
];

describe("the destination", () => {
  it.each(ways)("[ENV-4] %s: nothing is sent to the process's destination", async (_, script) => {
    const { reports, stderr } = await run(script);
    expect({ reports, stderr }).toEqual({ reports: [null], stderr: "" });
    expect(production.seen).toEqual([]);
    expect(recorder.exchanges).toMatchObject([
      { request: { TableName: "local" }, region: "us-east-1", accessKeyId: "AKIDLOCAL" },
    ]);
  });

  it("[ENV-4] a variable that a worker thread deletes in its copy is absent", async () => {
    const set = `for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];`;
    const use = `
      const error = await dynamoDbCacheDriver({}).getItem("k").catch((error) => error);
      report(error.code);
    `;
    expect((await run(inWorker("", set, use))).reports).toEqual(["ERR_DYNAMODB_NO_REGION"]);
    expect(production.seen).toEqual([]);
  });

  it("[ENV-4] numbers and booleans become text as in process.env, and `process.env` may be missing", async () => {
    const script = `
      process.env = { ...local, UNSTORAGE_DYNAMODB_TABLE: 12345, AWS_EC2_METADATA_DISABLED: true, AWS_PROFILE: null };
      report(await dynamoDbCacheDriver().getItem("k"));
      process.env = undefined;
      report((await failure(dynamoDbCacheDriver({ table: "local" }).getItem("k"))).code);
    `;
    expect((await run(script)).reports).toEqual([null, "ERR_DYNAMODB_NO_REGION"]);
    expect(recorder.exchanges).toMatchObject([{ request: { TableName: "12345" } }]);
    expect(production.seen).toEqual([]);
  });

  it("[ENV-4] createTable uses the same environment", async () => {
    recorder.spoil(({ operation }) => ({
      status: 200,
      body:
        operation === "DescribeTable"
          ? {
              Table: {
                TableStatus: "ACTIVE",
                KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
                AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
              },
            }
          : { TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" } },
    }));
    const script = `
      process.env = local;
      const { createTable } = await import(${literal(entry)});
      report(await createTable());
    `;
    expect((await run(script)).reports).toEqual([{ created: false }]);
    expect(production.seen).toEqual([]);
    expect(recorder.exchanges[0]).toMatchObject({ request: { TableName: "local" } });
  });

  it("[ENV-4] each driver keeps the environment of its first call", async () => {
    const script = `
      process.env = local;
      const first = dynamoDbCacheDriver();
      await first.getItem("k");
      process.env = { ...local, UNSTORAGE_DYNAMODB_TABLE: "second" };
      await dynamoDbCacheDriver().getItem("k");
      await first.getItem("k");
    `;
    await run(script);
    const tables = recorder.exchanges.map(({ request }) => request.TableName);
    expect(tables).toEqual(["local", "second", "local"]);
  });
});

describe("the credentials", () => {
  it("[CRED-1] without HOME, no directory called `~` is read", async () => {
    const script = `
      const { mkdirSync, writeFileSync } = await import("node:fs");
      mkdirSync("~/.aws", { recursive: true });
      writeFileSync("~/.aws/credentials", "[default]\\naws_access_key_id = AKIDHERE\\naws_secret_access_key = s\\n");
      delete local.AWS_ACCESS_KEY_ID;
      process.env = { ...local, AWS_CONFIG_FILE: "none" };
      const call = dynamoDbCacheDriver({ table: "local" }).getItem("k");
      report(await call.then(() => "answered", ({ code }) => code));
    `;
    const { reports } = await run(script);
    expect(reports).toEqual(["ERR_DYNAMODB_CREDENTIALS"]);
    expect(recorder.exchanges).toEqual([]);
  });

  const keys = (id: string): string =>
    `aws_access_key_id = ${id}\naws_secret_access_key = secret\n`;
  const without = `delete local.AWS_ACCESS_KEY_ID;`;
  const sources: [string, string, Record<string, string>][] = [
    [
      "the profile",
      `local.AWS_CONFIG_FILE = "config";`,
      { config: `[default]\n${keys("AKIDOTHER")}` },
    ],
    [
      "the profile that AWS_PROFILE names",
      `local.AWS_CONFIG_FILE = "config"; local.AWS_PROFILE = "shop";`,
      { config: `[profile shop]\n${keys("AKIDOTHER")}` },
    ],
    [
      "the home directory",
      `local.HOME = local.USERPROFILE = process.cwd() + "/other";`,
      { "other/.aws/credentials": `[default]\n${keys("AKIDOTHER")}` },
    ],
    [
      "a process, which has the program's variables and no others",
      `local.AWS_CONFIG_FILE = "config"; local.OF_PROGRAM = "AKIDOTHER"; local.PATH = process.env.PATH;`,
      {
        config: "[default]\ncredential_process = /bin/sh process.sh\n",
        "process.sh": `echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"$OF_PROGRAM$OF_PROCESS$HTTP_PROXY\\",\\"SecretAccessKey\\":\\"s\\"}"`,
      },
    ],
  ];
  it.each(sources)("[ENV-5] %s", async (_, set, home) => {
    const script = `${without} ${set} process.env = local; report(await dynamoDbCacheDriver().getItem("k"));`;
    const { reports } = await run(script, { env: { OF_PROCESS: "PRODUCTION" }, home });
    expect(reports).toEqual([null]);
    expect(recorder.exchanges.map(({ accessKeyId }) => accessKeyId)).toEqual(["AKIDOTHER"]);
    expect(production.seen).toEqual([]);
  });

  it("[ENV-5] without credentials, neither container, instance nor STS of the process is queried", async () => {
    const script = `
      ${without}
      process.env = local;
      report((await failure(dynamoDbCacheDriver().getItem("k"))).code);
    `;
    expect((await run(script)).reports).toEqual(["ERR_DYNAMODB_CREDENTIALS"]);
    expect(production.seen).toEqual([]);
  });
});

describe("AWS Lambda's trace ID", () => {
  it("[ENV-6] is that of the invocation that makes the call, and is sent only in Lambda", async () => {
    const script = `
      process.env = { ...local, _X_AMZN_TRACE_ID: "Root=1-first" };
      await dynamoDbCacheDriver().getItem("k");
      process.env.AWS_LAMBDA_FUNCTION_NAME = "f";
      const driver = dynamoDbCacheDriver();
      await driver.getItem("k");
      process.env._X_AMZN_TRACE_ID = "Root=1-second";
      await driver.getItem("k");
      process.env = { ...process.env, _X_AMZN_TRACE_ID: "Root=1-\\u00e4" };
      await driver.getItem("k");
      delete process.env._X_AMZN_TRACE_ID;
      await driver.getItem("k");
    `;
    const { stderr } = await run(script, { env: { _X_AMZN_TRACE_ID: "Root=1-production" } });
    expect(stderr).toBe("");
    const ids = recorder.exchanges.map(({ headers }) => headers["x-amzn-trace-id"]);
    expect(ids).toEqual([undefined, "Root=1-first", "Root=1-second", "Root=1-%C3%A4", undefined]);
  });
});

describe("missing settings", () => {
  it("[OPT-22] a variable that is set after a failed call is used by the next", async () => {
    const script = `
      const { UNSTORAGE_DYNAMODB_TABLE, AWS_REGION, ...rest } = local;
      process.env = rest;
      const driver = dynamoDbCacheDriver({ base: "pages" });
      const { code, message } = await failure(driver.getItem("k"));
      report([code, message]);
      process.env = { ...rest, UNSTORAGE_DYNAMODB_TABLE };
      report([(await failure(driver.getItem("k"))).code]);
      process.env = local;
      report(await driver.getItem("k"));
    `;
    const { reports } = await run(script);
    expect(reports[0][0]).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(reports[0][1]).toContain("Missing required option `table`.");
    expect(reports[0][1]).toContain('`base` "pages"');
    expect(reports[0][1]).toContain("UNSTORAGE_DYNAMODB_TABLE");
    expect(reports.slice(1)).toEqual([["ERR_DYNAMODB_NO_REGION"], null]);
  });

  it("[OPT-22] a profile or region that is added to a file is used too", async () => {
    const script = `
      const { writeFileSync } = await import("node:fs");
      const { AWS_REGION, ...rest } = local;
      process.env = { ...rest, AWS_CONFIG_FILE: "config" };
      const drivers = [dynamoDbCacheDriver(), dynamoDbCacheDriver({ profile: "shop" })];
      const codes = async () => {
        const calls = drivers.map((driver) => driver.getItem("k").then(() => null, ({ code }) => code));
        report(await Promise.all(calls));
      };
      writeFileSync("config", "");
      await codes();
      const keys = "region = us-east-1\\naws_access_key_id = AKIDSHOP\\naws_secret_access_key = s\\n";
      writeFileSync("config", "[default]\\nregion = us-east-1\\n[profile shop]\\n" + keys);
      await codes();
    `;
    const { reports } = await run(script);
    expect(reports).toEqual([
      ["ERR_DYNAMODB_NO_REGION", "ERR_DYNAMODB_INVALID_OPTION"],
      [null, null],
    ]);
  });
});
