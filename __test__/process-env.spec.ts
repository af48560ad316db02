// The driver reads JavaScript's `process.env`, which may differ from the environment of the process. In these tests, the
// latter points to a production endpoint that must not receive any request.
import { beforeEach, expect, it } from "vitest";
import { type ChildOptions, entry, literal, runChild } from "./helpers/child";
import { useEndpoint } from "./helpers/endpoint";
import { useRecorder } from "./helpers/recorder";

const recorder = useRecorder();
beforeEach(() => recorder.spoil(() => ({ status: 200, body: {} })));

/** Must not receive any request. */
const production = useEndpoint();
/** The variables of the process. Each of them would suffice to reach production. */
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

/** Returns the reports of a script with the program's variables in scope as `local`. */
async function run(script: string, { env, home }: ChildOptions = {}): Promise<any[]> {
  const variables = { ...ofProcess(), ...env };
  const files = { ...productionFiles, ...home };
  const given = `const local = ${literal(ofProgram())};`;
  const { reports, stderr } = await runChild(given + script, { env: variables, home: files });
  expect(stderr).toBe("");
  expect(production.seen).toEqual([]);
  return reports;
}

/** Source text that runs `set` and then `use` in a worker thread. */
const inWorker = (options: string, set: string, use: string): string => `
  const { Worker } = await import("node:worker_threads");
  const source = async () => {
    const { parentPort, workerData: { entry, local } } = await import("node:worker_threads");
    const { default: dynamoDbCacheDriver } = await import(entry);
    const report = (value) => parentPort.postMessage(value);
    ${set}
    ${use}
  };
  const workerData = { entry: ${literal(entry)}, local };
  const worker = new Worker("(" + source + ")()", { eval: true, workerData, ${options} });
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
    "it is changed after the module was loaded",
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

it.each(ways)("[ENV-4] %s: the process's own variables are not used", async (_, script) => {
  expect(await run(script)).toEqual([null]);
  expect(recorder.exchanges).toMatchObject([
    { request: { TableName: "local" }, region: "us-east-1", accessKeyId: "AKIDLOCAL" },
  ]);
});

it("[ENV-4] variables that a worker thread deletes from its copy are absent", async () => {
  const set = `for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];`;
  const use = `await dynamoDbCacheDriver({}).getItem("k").catch(({ code }) => report(code));`;
  expect(await run(inWorker("", set, use))).toEqual(["ERR_DYNAMODB_NO_REGION"]);
});

it("[ENV-4] numbers and booleans are converted to text, and process.env may be undefined", async () => {
  const script = `
    process.env = { ...local, UNSTORAGE_DYNAMODB_TABLE: 12345, AWS_EC2_METADATA_DISABLED: true, AWS_PROFILE: null };
    report(await dynamoDbCacheDriver().getItem("k"));
    process.env = undefined;
    report((await failure(dynamoDbCacheDriver({ table: "local" }).getItem("k"))).code);
  `;
  expect(await run(script)).toEqual([null, "ERR_DYNAMODB_NO_REGION"]);
  expect(recorder.exchanges).toMatchObject([{ request: { TableName: "12345" } }]);
});

it("[ENV-4] createTable also uses it", async () => {
  const Table = {
    TableStatus: "ACTIVE",
    KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
  };
  const TimeToLiveDescription = { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" };
  recorder.spoil(() => ({ status: 200, body: { Table, TimeToLiveDescription } }));
  const script = `
    process.env = local;
    const { createTable } = await import(${literal(entry)});
    report(await createTable());
  `;
  expect(await run(script)).toEqual([{ created: false }]);
  expect(recorder.exchanges[0]).toMatchObject({ request: { TableName: "local" } });
});

it("[ENV-4] each driver keeps the variables of its first call", async () => {
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

const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = secret\n`;
const other = keys("AKIDOTHER");
const printed = `{\\"Version\\":1,\\"AccessKeyId\\":\\"$OF_PROGRAM$OF_PROCESS$HTTP_PROXY\\",\\"SecretAccessKey\\":\\"s\\"}`;
it.each<[string, string, Record<string, string>]>([
  ["the profile", `local.AWS_CONFIG_FILE = "config";`, { config: `[default]\n${other}` }],
  [
    "the profile that AWS_PROFILE names",
    `local.AWS_CONFIG_FILE = "config"; local.AWS_PROFILE = "shop";`,
    { config: `[profile shop]\n${other}` },
  ],
  [
    "the home directory",
    `local.HOME = local.USERPROFILE = process.cwd() + "/other";`,
    { "other/.aws/credentials": `[default]\n${other}` },
  ],
  [
    "a process, which receives only the program's variables",
    `local.AWS_CONFIG_FILE = "config"; local.OF_PROGRAM = "AKIDOTHER"; local.PATH = process.env.PATH;`,
    {
      config: "[default]\ncredential_process = /bin/sh process.sh\n",
      "process.sh": `echo "${printed}"`,
    },
  ],
])("[ENV-5] credentials come from %s", async (_, set, home) => {
  const script = `delete local.AWS_ACCESS_KEY_ID; ${set} process.env = local; ${call}`;
  expect(await run(script, { env: { OF_PROCESS: "PRODUCTION" }, home })).toEqual([null]);
  expect(recorder.exchanges.map(({ accessKeyId }) => accessKeyId)).toEqual(["AKIDOTHER"]);
});

it.each([
  [
    "[ENV-5] without any, the process's container, instance and STS endpoints are not used",
    "local",
  ],
  [
    "[CRED-1] without HOME, no directory called `~` is read",
    `{ ...local, AWS_CONFIG_FILE: "none" }`,
  ],
])("%s", async (_, variables) => {
  const script = `
    delete local.AWS_ACCESS_KEY_ID;
    process.env = ${variables};
    report((await failure(dynamoDbCacheDriver().getItem("k"))).code);
  `;
  const home = { "~/.aws/credentials": `[default]\n${keys("AKIDHERE")}` };
  expect(await run(script, { home })).toEqual(["ERR_DYNAMODB_CREDENTIALS"]);
  expect(recorder.exchanges).toEqual([]);
});

it("[ENV-6] AWS Lambda's trace ID is that of the invocation that makes the call, and is sent only in Lambda", async () => {
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
  await run(script, { env: { _X_AMZN_TRACE_ID: "Root=1-production" } });
  const ids = recorder.exchanges.map(({ headers }) => headers["x-amzn-trace-id"]);
  expect(ids).toEqual([undefined, "Root=1-first", "Root=1-second", "Root=1-%C3%A4", undefined]);
});

it("[OPT-22] a variable that is set after a failed call is used by the next one", async () => {
  const script = `
    const { UNSTORAGE_DYNAMODB_TABLE, AWS_REGION, ...rest } = local;
    process.env = rest;
    const driver = dynamoDbCacheDriver({ base: "pages" });
    const { code, message } = await failure(driver.getItem("k"));
    report(code + message);
    process.env = { ...rest, UNSTORAGE_DYNAMODB_TABLE };
    report((await failure(driver.getItem("k"))).code);
    process.env = local;
    report(await driver.getItem("k"));
  `;
  const [first, ...others] = await run(script);
  expect(others).toEqual(["ERR_DYNAMODB_NO_REGION", null]);
  expect(first).toMatch(/^ERR_DYNAMODB_INVALID_OPTION.*Missing required option `table`\./);
  expect(first).toContain('`base` "pages"');
  expect(first).toContain("UNSTORAGE_DYNAMODB_TABLE");
});

it("[OPT-22] so is a profile or a region that is added to a file", async () => {
  const script = `
    const { writeFileSync } = await import("node:fs");
    const { AWS_REGION, ...rest } = local;
    process.env = { ...rest, AWS_CONFIG_FILE: "config" };
    const drivers = [dynamoDbCacheDriver(), dynamoDbCacheDriver({ profile: "shop" })];
    const codes = () => Promise.all(
      drivers.map((driver) => driver.getItem("k").then(() => null, ({ code }) => code)),
    );
    writeFileSync("config", "");
    report(await codes());
    const region = "region = us-east-1\\n";
    writeFileSync("config", "[default]\\n" + region + "[profile shop]\\n" + region + ${literal(keys("AKIDSHOP"))});
    report(await codes());
  `;
  expect(await run(script)).toEqual([
    ["ERR_DYNAMODB_NO_REGION", "ERR_DYNAMODB_INVALID_OPTION"],
    [null, null],
  ]);
});
