// The option `profile`, and the settings that are read from the profile.
import { describe, expect, it } from "vitest";
import { callInChild, type ChildResult } from "./helpers/child";
import { refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

const env = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };

function call(options: object, more: Record<string, string> = {}): Promise<ChildResult> {
  const home = {
    config: [
      "[default]",
      "region = eu-west-1",
      "[profile shop]",
      "region = eu-south-1",
      `endpoint_url = ${recorder.endpoint}`,
      "[profile other]",
      "region = sa-east-1",
      "",
    ].join("\n"),
    credentials: ["default", "shop", "other"]
      .map((name) => `[${name}]\naws_access_key_id = AKID${name}\naws_secret_access_key = secret\n`)
      .join(""),
  };
  return callInChild({ table: table.name, ...options }, { env: { ...env, ...more }, home });
}

describe("profile", () => {
  it("[OPT-16] region, endpoint and credentials are read from it", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    expect((await call({ profile: "shop" })).reports).toEqual([null]);
    expect(recorder.exchanges).toMatchObject([{ region: "eu-south-1", accessKeyId: "AKIDshop" }]);
  });

  it("[OPT-16] takes precedence over AWS_PROFILE", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    await call({ profile: "shop" }, { AWS_PROFILE: "other" });
    expect(recorder.exchanges).toMatchObject([{ region: "eu-south-1", accessKeyId: "AKIDshop" }]);
  });

  it("[OPT-16] other options and variables take precedence over its settings, as without the option", async () => {
    recorder.spoil(() => ({ status: 200, body: {} }));
    await call({ profile: "other", endpoint: recorder.endpoint }, { AWS_REGION: "us-west-2" });
    expect(recorder.exchanges).toMatchObject([{ region: "us-west-2", accessKeyId: "AKIDother" }]);
  });

  it("[OPT-16] a missing profile is an error that names it", async () => {
    const { reports } = await call({ profile: "shpo", endpoint: recorder.endpoint });
    expect(reports[0].code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    expect(reports[0].message).toContain('`profile`: there is no profile "shpo"');
    expect(recorder.exchanges).toEqual([]);
  });

  it.each([["a\nb"], ["p".repeat(256)], [5], [{}], [true]])(
    "[OPT-16] refuses %j",
    async (profile) => {
      expect((await refusalOf(recorder, { profile })).message).toContain("`profile`");
    },
  );
});
