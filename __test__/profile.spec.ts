// The option `profile`: the settings that the named profile provides.
import { expect, it } from "vitest";
import { callInChild } from "./helpers/child";
import { useRecorder } from "./helpers/recorder";

const recorder = useRecorder();

async function call(options: object, more: Record<string, string> = {}): Promise<any> {
  recorder.spoil(() => ({ status: 200, body: {} }));
  const profiles = {
    default: "region = eu-west-1",
    "profile shop": `region = eu-south-1\nendpoint_url = ${recorder.endpoint}`,
    "profile other": "region = sa-east-1",
  };
  const section = ([name, text]: string[]) => `[${name}]\n${text}\n`;
  const keys = (name: string) => `aws_access_key_id = AKID${name}\naws_secret_access_key = secret`;
  const credentials = ["default", "shop", "other"].map((name) => section([name, keys(name)]));
  const home = {
    config: Object.entries(profiles).map(section).join(""),
    credentials: credentials.join(""),
  };
  const files = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };
  const child = { env: { ...files, ...more }, home };
  return (await callInChild({ table: "some-table", ...options }, child)).reports[0];
}

it.each([
  ["region, endpoint and credentials come from it", {}],
  ["it takes precedence over AWS_PROFILE", { AWS_PROFILE: "other" }],
])("[OPT-16] %s", async (_, env) => {
  expect(await call({ profile: "shop" }, env)).toBeNull();
  expect(recorder.exchanges).toMatchObject([{ region: "eu-south-1", accessKeyId: "AKIDshop" }]);
});

it("[OPT-16] other options and variables take precedence over it", async () => {
  await call({ profile: "other", endpoint: recorder.endpoint }, { AWS_REGION: "us-west-2" });
  expect(recorder.exchanges).toMatchObject([{ region: "us-west-2", accessKeyId: "AKIDother" }]);
});

it("[OPT-16] a missing profile is an error that names it", async () => {
  const error = await call({ profile: "shpo", endpoint: recorder.endpoint });
  expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
  expect(error.message).toContain('`profile`: there is no profile "shpo"');
  expect(recorder.exchanges).toEqual([]);
});
