// Whatever is in the environment, the process lives: each call gives a result or an error.
import { describe, expect, it } from "vitest";
import { callInChild, type ChildOptions } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";
import { credentials } from "./helpers/table";

const recorder = useRecorder();
const keys = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

/** One `getItem`: null where it succeeded, else its error. */
async function outcome(env: Record<string, string>, more: ChildOptions = {}): Promise<any> {
  recorder.spoil(() => ({ status: 200, body: {} }));
  const options = {
    table: "t-1",
    endpoint: recorder.endpoint,
    region: "AWS_REGION" in env ? undefined : "us-east-1",
    timeout: 10_000,
  };
  const child = await callInChild(options, { ...more, env: { ...keys, ...env } });
  expect({ code: child.code, signal: child.signal }, child.stderr).toEqual({
    code: 0,
    signal: null,
  });
  expect(child.stderr).not.toContain("panicked");
  expect(child.reports).toHaveLength(1);
  return child.reports[0];
}

const huge = "9".repeat(100_000);

describe("[ENV-1] no variable ends the process", () => {
  it.each([
    ["AWS_MAX_ATTEMPTS", ["0", "-1", "abc", "", huge]],
    ["AWS_RETRY_MODE", ["x", "adaptive", "", huge]],
    ["AWS_DEFAULTS_MODE", ["x", "auto"]],
    ["AWS_USE_FIPS_ENDPOINT", ["x"]],
    ["AWS_USE_DUALSTACK_ENDPOINT", ["x"]],
    ["AWS_SDK_UA_APP_ID", ["é\u0001", "x".repeat(1_000)]],
    ["AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", ["-1", huge]],
    ["AWS_ACCOUNT_ID_ENDPOINT_MODE", ["x"]],
    ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ["x"]],
    ["TOKIO_WORKER_THREADS", ["abc", "0", "-1", huge]],
    ["RUST_LOG", ["trace", "\u0001,,=x"]],
    ["RUST_BACKTRACE", ["x"]],
    ["RUST_MIN_STACK", ["abc", "0"]],
    ["SSL_CERT_FILE", ["garbage", "/nonexistent", "/"]],
    ["SSL_CERT_DIR", ["garbage", "/nonexistent"]],
    ["AWS_CA_BUNDLE", ["garbage", "/nonexistent", "/"]],
    ["HTTPS_PROXY", ["::::", huge]],
    ["AWS_LAMBDA_FUNCTION_NAME", ["x"]],
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT", ["not a url"]],
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", ["not a url", "http://example.com"]],
  ])("%s, where it does not matter to the call, is ignored", async (name, values) => {
    for (const value of values) expect(await outcome({ [name]: value })).toBeNull();
  });

  it.each([
    ["AWS_REGION", ["eu west", "../..", huge], "ERR_DYNAMODB_INVALID_OPTION"],
    ["AWS_REGION", [""], "ERR_DYNAMODB_NO_REGION"],
    ["AWS_PROFILE", ["missing", "é", huge], "ERR_DYNAMODB_CREDENTIALS"],
    ["UNSTORAGE_DYNAMODB_TABLE", [huge], null],
  ])("%s, where it matters, is an error", async (name, values, code) => {
    for (const value of values) {
      const error = await outcome({ [name]: value });
      expect(error?.code ?? null).toBe(code);
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
    const files = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };
    const asEnvironment = await outcome(files, { home });
    expect([null, "ERR_DYNAMODB_CREDENTIALS"]).toContain(asEnvironment?.code ?? null);
    const asProfile = await outcome({ ...files, AWS_PROFILE: "default" }, { home });
    expect(asProfile.code).toMatch(/^ERR_DYNAMODB_(CREDENTIALS|INVALID_OPTION)$/);
  });
});
