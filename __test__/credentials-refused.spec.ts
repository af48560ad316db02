// Credentials and AWS settings that cannot be right, from every source of the default chain: what the error says.
import { describe, expect, it } from "vitest";
import { type ChildOptions, literal, runChild } from "./helpers/child";
import { useEndpoint } from "./helpers/endpoint";
import { useRecorder } from "./helpers/recorder";

const recorder = useRecorder();

/** Stands in for the container's endpoint and for STS. */
const standIn = useEndpoint();

const files = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };
const keys = (name: string): string =>
  `aws_access_key_id = AKID${name}\naws_secret_access_key = secret\n`;
const environmentKeys = {
  AWS_ACCESS_KEY_ID: "AKIDENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "secret",
};

describe("what cannot be sent", () => {
  const role = (source: string): string =>
    `[profile shop]\nrole_arn = arn:aws:iam::123456789012:role/r\n${source}\n`;
  const json = (id: string): string =>
    JSON.stringify({ Version: 1, AccessKeyId: id, SecretAccessKey: "s" });
  const flaws: [string, string, () => ChildOptions][] = [
    [
      "AWS_ACCESS_KEY_ID",
      "the environment",
      () => ({ env: { ...environmentKeys, AWS_ACCESS_KEY_ID: "CANARY\n" } }),
    ],
    [
      "AWS_SECRET_ACCESS_KEY",
      "the environment",
      () => ({ env: { ...environmentKeys, AWS_SECRET_ACCESS_KEY: "\uFEFFCANARY" } }),
    ],
    [
      "AWS_SESSION_TOKEN",
      "the environment",
      () => ({ env: { ...environmentKeys, AWS_SESSION_TOKEN: "CANARY CANARY" } }),
    ],
    [
      "AWS_ACCESS_KEY_ID",
      "the environment",
      () => ({
        env: {
          ...files,
          ...environmentKeys,
          AWS_ACCESS_KEY_ID: "CANARY\n",
          AWS_PROFILE: "shop",
          AWS_ENDPOINT_URL_STS: standIn.endpoint,
        },
        home: { config: role("credential_source = Environment") },
      }),
    ],
    [
      "aws_access_key_id",
      'the AWS profile "default"',
      () => ({ env: files, home: { credentials: `[default]\n${keys("CANARY\uFEFF")}` } }),
    ],
    [
      "aws_session_token",
      'the AWS profile "base"',
      () => ({
        env: { ...files, AWS_PROFILE: "shop", AWS_ENDPOINT_URL_STS: standIn.endpoint },
        home: {
          config: `${role("source_profile = base")}[profile base]\n${keys("BASE")}aws_session_token = CANARY ä\n`,
        },
      }),
    ],
    [
      "AccessKeyId",
      "the `credential_process` of the AWS profile",
      () => ({
        env: files,
        home: {
          config: "[default]\ncredential_process = cat answer.json\n",
          "answer.json": json("CANARY\n"),
        },
      }),
    ],
    [
      "AccessKeyId",
      "the `credential_process` of the AWS profile",
      () => ({
        env: { ...files, AWS_PROFILE: "shop", AWS_ENDPOINT_URL_STS: standIn.endpoint },
        home: {
          config: `${role("source_profile = base")}[profile base]\ncredential_process = cat answer.json\n`,
          "answer.json": json("CANARY\n"),
        },
      }),
    ],
    [
      "AccessKeyId",
      "the container's credentials endpoint",
      () => {
        standIn.script(() => ({
          body: {
            AccessKeyId: "CANARY\n",
            SecretAccessKey: "secret",
            Token: "token",
            Expiration: new Date(Date.now() + 3_600_000).toISOString(),
          },
        }));
        return { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.endpoint}/role` } };
      },
    ],
  ];
  it.each(flaws)("[CRED-12] %s of %s: an error that names both", async (part, source, prepare) => {
    const child = prepare();
    const script = `
      const options = ${literal({ table: "t-1", region: "us-east-1", endpoint: recorder.endpoint })};
      const { code, message, retryable, cause } = await failure(dynamoDbCacheDriver(options).getItem("k"));
      report({ code, message, retryable, cause: String(cause) });
    `;
    const { reports, stderr } = await runChild(script, child);
    expect(stderr).toBe("");
    expect(reports).toMatchObject([{ code: "ERR_DYNAMODB_CREDENTIALS", retryable: false }]);
    expect(reports[0].message).toContain(`\`${part}\` of ${source}`);
    expect(JSON.stringify(reports)).not.toContain("CANARY");
    expect(recorder.exchanges).toEqual([]);
    expect(standIn.seen.filter(({ method }) => method === "POST")).toEqual([]);
  });
});

describe("where AWS settings lead to no endpoint", () => {
  it("[CRED-16] a required account id that is not known: an error of configuration", async () => {
    const env = { ...environmentKeys, AWS_ACCOUNT_ID_ENDPOINT_MODE: "required" };
    const script = `
      const options = { table: "t-1", region: "us-east-1" };
      const drivers = [options, { ...options, credentials: { accessKeyId: "id", secretAccessKey: "s" } }];
      for (const options of drivers) {
        const { code, message, retryable, cause } = await failure(dynamoDbCacheDriver(options).getItem("k"));
        report({ code, message, retryable, cause: String(cause) });
      }
    `;
    const { reports } = await runChild(script, { env });
    for (const one of reports) {
      expect(one).toMatchObject({ code: "ERR_DYNAMODB_INVALID_OPTION", retryable: false });
      expect(one.message).toContain("AWS_ACCOUNT_ID_ENDPOINT_MODE");
    }
    expect(reports).toHaveLength(2);
  });
});
