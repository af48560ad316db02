// What the driver reads from the environment, and what must not break it. Each case runs in a separate Node process,
// because a test must not change the variables of others.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { callInChild, literal, runChild } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";
import { credentials } from "./helpers/table";

// One test starts dozens of processes.
vi.setConfig({ testTimeout: 120_000 });

type Variables = Record<string, string>;

const recorder = useRecorder();
const other = useRecorder();
const table = "from-option";
const region = "us-east-1";
const keys = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};
const files = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };
const huge = "9".repeat(100_000);

beforeEach(() => {
  for (const one of [recorder, other]) one.spoil(() => ({ status: 200, body: {} }));
});

/**
 * Makes one `getItem`, by default with the environment's credentials. Returns null if it succeeds, and its error
 * otherwise.
 */
async function outcome(options: object, env: Variables, home: Variables = {}): Promise<any> {
  const given = { table, region, endpoint: recorder.endpoint, credentials: null, ...options };
  const { code, signal, stderr, reports } = await callInChild(given, { env, home });
  expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
  expect(stderr).not.toContain("panicked");
  expect(reports).toHaveLength(1);
  return reports[0];
}

describe("table", () => {
  const named = { ...keys, UNSTORAGE_DYNAMODB_TABLE: "from-variable" };

  it.each([
    [undefined, "from-variable"],
    [null, "from-variable"],
    ["from-option", "from-option"],
  ])("[OPT-20] the option %j and the variable lead to %s", async (option, expected) => {
    expect(await outcome({ table: option }, named)).toBeNull();
    expect(recorder.exchanges.map(({ request }) => request.TableName)).toEqual([expected]);
  });

  it("[OPT-20] the variable is read by the first call", async () => {
    const script = `
      const driver = dynamoDbCacheDriver(${literal({ region, endpoint: recorder.endpoint })});
      process.env.UNSTORAGE_DYNAMODB_TABLE = ${literal(table)};
      report(await driver.getItem("k"));
    `;
    expect((await runChild(script, { env: keys })).reports).toEqual([null]);
  });

  it.each([
    ["a b", "UNSTORAGE_DYNAMODB_TABLE"],
    ["", "Missing required option `table`."],
  ])("[OPT-20] a variable of %j is refused", async (name, words) => {
    const error = await outcome({ table: null }, { ...keys, UNSTORAGE_DYNAMODB_TABLE: name });
    expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(error.message).toContain(words);
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("region", () => {
  const config = "[default]\nregion = eu-north-1\n[profile other]\nregion = sa-east-1\n";
  const second = { ...files, AWS_DEFAULT_REGION: "eu-west-2" };
  const both = { ...second, AWS_REGION: "eu-west-1" };

  it.each<[string, unknown, Variables, string]>([
    ["the option over everything", "us-west-2", both, "us-west-2"],
    ["AWS_REGION over AWS_DEFAULT_REGION", undefined, both, "eu-west-1"],
    ["AWS_DEFAULT_REGION over the profile", undefined, second, "eu-west-2"],
    ["the default profile", undefined, files, "eu-north-1"],
    ["the profile of AWS_PROFILE", undefined, { ...files, AWS_PROFILE: "other" }, "sa-east-1"],
    ["null as if absent", null, both, "eu-west-1"],
    ["an empty AWS_REGION as if absent", undefined, { ...both, AWS_REGION: "" }, "eu-west-2"],
    ["AWS_DEFAULT_REGION too", undefined, { ...second, AWS_DEFAULT_REGION: "" }, "eu-north-1"],
  ])("[OPT-8] %s", async (_, option, env, expected) => {
    // With AWS_PROFILE, the environment's keys would be ignored, see CRED-2.
    expect(await outcome({ credentials, region: option }, env, { config })).toBeNull();
    expect(recorder.exchanges.map((exchange) => exchange.region)).toEqual([expected]);
  });

  it.each<[string, Variables, string]>([
    ["AWS_REGION", { AWS_REGION: "eu west/1" }, ""],
    ["AWS_DEFAULT_REGION", { AWS_DEFAULT_REGION: "evil.example/?" }, ""],
    ["`region` of the AWS profile", files, "[default]\nregion = eu west/1\n"],
  ])("[OPT-8] an ill-formed %s is an error that names it", async (source, env, text) => {
    const error = await outcome({ region: null }, { ...keys, ...env }, { config: text });
    expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(error.message).toContain(source);
  });

  it("[OPT-8] without one, the first call rejects within 100 ms without a metadata request", async () => {
    const env = {
      ...keys,
      AWS_EC2_METADATA_DISABLED: "false",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: other.endpoint,
    };
    // The fastest of many runs with the addon loaded, so that other work on the machine does not count.
    const script = `
      let best = Infinity;
      for (let n = 0; n < 10; n += 1) {
        const start = performance.now();
        const { code, message } = await failure(dynamoDbCacheDriver({ table: "some-table" }).getItem("k"));
        best = Math.min(best, performance.now() - start);
        report({ code, message, best });
      }
    `;
    const { reports } = await runChild(script, { env });
    expect(reports).toHaveLength(10);
    const refusal = {
      code: "ERR_DYNAMODB_NO_REGION",
      message: expect.stringContaining("`region`"),
    };
    for (const one of reports) expect(one).toMatchObject(refusal);
    expect(reports[9].best).toBeLessThan(100);
    expect(other.exchanges).toEqual([]);
  });
});

describe("endpoint", () => {
  const profile = (url: string): Variables => ({ config: `[default]\nendpoint_url = ${url}\n` });
  const sources = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", "endpoint_url"];

  /** The option, the environment and the profile. The first of them that is set must be used. */
  it.each([[0], [1], [2], [3]])(
    "[OPT-9] source %d takes precedence over later ones",
    async (first) => {
      const url = (nth: number) => (nth === first ? recorder : other).endpoint;
      const [ofDynamoDb, ofAll] = sources.map((name, nth) => ({ [name]: url(nth + 1) }));
      const env = { ...keys, ...files, ...(first < 2 && ofDynamoDb), ...(first < 3 && ofAll) };
      const option = first === 0 ? recorder.endpoint : null;
      expect(await outcome({ endpoint: option }, env, profile(url(3)))).toBeNull();
      expect([recorder.exchanges.length, other.exchanges.length]).toEqual([1, 0]);
    },
  );

  const ill = ["not-a-url", "localhost:8000", "file:///tmp/x", "http://u:CANARY@localhost:1"];
  const cases = sources.flatMap((source) => ill.map((url) => [source, url] as const));
  it.each(cases)("[OPT-9] an ill-formed %s, %s, is named", async (source, url) => {
    const env = { ...keys, ...files, [source]: url };
    const home = source === "endpoint_url" ? profile(url) : {};
    const { code, message } = await outcome({ endpoint: null }, env, home);
    expect(code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(message).toMatch(new RegExp(`\\b${source}\\b`));
    expect(message).not.toContain("CANARY");
  });
});

describe("[ENV-1] no variable ends the process", () => {
  const modes =
    "AWS_DEFAULTS_MODE AWS_ACCOUNT_ID_ENDPOINT_MODE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
  const flags = "AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT RUST_BACKTRACE";
  const size = "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES";
  it.each([
    [`${modes} ${flags} AWS_LAMBDA_FUNCTION_NAME`, ["x", "auto"]],
    [`AWS_MAX_ATTEMPTS TOKIO_WORKER_THREADS RUST_MIN_STACK ${size}`, ["0", "-1", "abc", "", huge]],
    ["AWS_RETRY_MODE", ["x", "adaptive", "", huge]],
    ["AWS_SDK_UA_APP_ID", ["é\u0001", "x".repeat(1_000)]],
    ["RUST_LOG", ["trace", "\u0001,,=x"]],
    ["SSL_CERT_FILE SSL_CERT_DIR AWS_CA_BUNDLE", ["garbage", "/nonexistent", "/"]],
    ["HTTPS_PROXY", ["::::", huge]],
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT", ["not a url"]],
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", ["not a url", "http://example.com"]],
    ["UNSTORAGE_DYNAMODB_TABLE", [huge]],
  ])("%s, where it does not matter to the call, is ignored", async (names, values) => {
    for (const name of names.split(" ")) {
      for (const value of values) {
        expect(await outcome({}, { ...keys, [name]: value }), `${name}=${value}`).toBeNull();
      }
    }
  });

  it.each([
    ["AWS_REGION", ["eu west", "../..", huge], "ERR_DYNAMODB_INVALID_OPTION"],
    ["AWS_REGION", [""], "ERR_DYNAMODB_NO_REGION"],
    ["AWS_PROFILE", ["missing", "é", huge], "ERR_DYNAMODB_CREDENTIALS"],
  ])("%s, where it matters, is an error", async (name, values, code) => {
    const options = name === "AWS_REGION" ? { region: null } : {};
    for (const value of values) {
      expect(await outcome(options, { ...keys, [name]: value })).toMatchObject({ code });
    }
  });

  it.each([
    ["no ini at all", "\0\u0001{]"],
    ["a section that never ends", "[default\nregion = x"],
    ["a key without a section", "region = eu-west-1"],
    ["a value without a key", "[default]\n= x"],
    ["deep continuation", `[default]\nregion = a\n${"  b\n".repeat(10_000)}`],
    ["a huge line", `[default]\nregion = ${huge}`],
    ["ill-formed numbers", "[default]\nmax_attempts = abc\nretry_mode = x\nduration_seconds = -1"],
    ["a circle of roles", "[default]\nrole_arn = arn:x\nsource_profile = default"],
  ])("a config file with %s", async (_, config) => {
    const home = { config, credentials: config };
    const asEnvironment = await outcome({}, { ...keys, ...files }, home);
    expect([undefined, "ERR_DYNAMODB_CREDENTIALS"]).toContain(asEnvironment?.code);
    const asProfile = await outcome({}, { ...keys, ...files, AWS_PROFILE: "default" }, home);
    expect(asProfile.code).toMatch(/^ERR_DYNAMODB_(CREDENTIALS|INVALID_OPTION)$/);
  });
});
