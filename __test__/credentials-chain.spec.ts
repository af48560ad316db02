// The AWS default chain, source by source, against stand-ins of AWS's own endpoints: in a Node of its own each, and
// compared with the JavaScript SDK, which must find the same identity.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "./helpers/child";
import { useEndpoint } from "./helpers/endpoint";
import { serviceError, useRecorder } from "./helpers/recorder";

const recorder = useRecorder();
const sdk = pathToFileURL(createRequire(import.meta.url).resolve("@aws-sdk/client-dynamodb")).href;

type Stub = (
  request: { method: string; url: string; headers: IncomingHttpHeaders },
  body: string,
) => string | undefined;
/** What the stand-in answers; `undefined` is a 404. */
let stub: Stub = () => undefined;
const standIn = useEndpoint();
beforeEach(() =>
  standIn.script(({ method, path, headers, body }) => {
    const answer = stub({ method, url: path, headers }, body.toString());
    const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
    return answer === undefined ? { status: 404 } : { headers: ttl, body: answer };
  }),
);
beforeEach(() => recorder.spoil(() => ({ status: 200, body: {} })));
afterEach(() => {
  stub = () => undefined;
});

const later = (): string => new Date(Date.now() + 3_600_000).toISOString();
const files = { AWS_CONFIG_FILE: "config", AWS_SHARED_CREDENTIALS_FILE: "credentials" };
const keys = (name: string): string =>
  `aws_access_key_id = AKID${name}\naws_secret_access_key = secret\n`;
const environmentKeys = {
  AWS_ACCESS_KEY_ID: "AKIDENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "secret",
};

interface Identity {
  accessKeyId: string;
  token: string | undefined;
}

/** Who signed one `getItem` of the driver, and one of the JavaScript SDK. */
async function identities(
  child: ChildOptions,
  options: Record<string, unknown> = {},
): Promise<[Identity | undefined, Identity | undefined, ChildResult]> {
  const script = `
    const report1 = (error) => report({ name: error.name, code: error.code, message: error.message });
    const options = ${literal({ region: "us-east-1", endpoint: recorder.endpoint, ...options })};
    const driver = dynamoDbCacheDriver({ table: "from-driver", ...options });
    await driver.getItem("k").catch(report1);
    const { DynamoDBClient, GetItemCommand } = await import(${literal(sdk)});
    const client = new DynamoDBClient({ maxAttempts: 1, ...options });
    await client.send(new GetItemCommand({ TableName: "from-sdk", Key: { key: { S: "k" } } })).catch(() => {});
  `;
  const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...child.env };
  const result = await runChild(script, { ...child, env });
  const of = (table: string): Identity | undefined => {
    const exchange = recorder.exchanges.find(({ request }) => request.TableName === table);
    return exchange && { accessKeyId: exchange.accessKeyId, token: exchange.securityToken };
  };
  return [of("from-driver"), of("from-sdk"), result];
}

async function expectIdentity(
  accessKeyId: string,
  token: string | undefined,
  child: ChildOptions,
  options: Record<string, unknown> = {},
): Promise<void> {
  const [ours, theirs, { reports }] = await identities(child, options);
  expect(reports).toEqual([]);
  expect(ours).toEqual({ accessKeyId, token });
  expect(theirs).toEqual(ours);
}

/** An answer of STS. */
function sts(action: string, id: string): string {
  const credentials = `<Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
    <SessionToken>token-${id}</SessionToken><Expiration>${later()}</Expiration></Credentials>`;
  const user = `<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>
    <AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>`;
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>
    ${credentials}${user}</${action}Result></${action}Response>`;
}

describe("environment and profile", () => {
  const home = {
    config: "[profile shop]\nregion = us-east-1\n",
    credentials: `[default]\n${keys("DEFAULT")}[shop]\n${keys("SHOP")}`,
  };

  it("[CRED-1] the environment's keys go over the default profile", async () => {
    const env = { ...files, ...environmentKeys, AWS_SESSION_TOKEN: "a-token" };
    await expectIdentity("AKIDENVIRONMENT", "a-token", { env, home });
  });

  it("[CRED-1] else the default profile", async () => {
    await expectIdentity("AKIDDEFAULT", undefined, { env: files, home });
  });

  it("[CRED-2] with AWS_PROFILE, that profile goes over the environment's keys", async () => {
    const env = { ...files, ...environmentKeys, AWS_PROFILE: "shop" };
    await expectIdentity("AKIDSHOP", undefined, { env, home });
  });

  it("[CRED-2] so does the profile of the option", async () => {
    const env = { ...files, ...environmentKeys };
    await expectIdentity("AKIDSHOP", undefined, { env, home }, { profile: "shop" });
  });

  it("[CRED-2] an empty AWS_PROFILE is none", async () => {
    const env = { ...files, ...environmentKeys, AWS_PROFILE: "" };
    await expectIdentity("AKIDENVIRONMENT", undefined, { env, home });
  });

  it("[CRED-2] the environment's keys are no way out where that profile has none", async () => {
    const env = { ...files, ...environmentKeys, AWS_PROFILE: "missing" };
    const [ours, theirs, { reports }] = await identities({ env, home });
    expect([ours, theirs]).toEqual([undefined, undefined]);
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS" });
  });
});

describe("what a profile may hold", () => {
  it("[CRED-4] credential_process", async () => {
    const answer = {
      Version: 1,
      AccessKeyId: "AKIDPROCESS",
      SecretAccessKey: "secret",
      SessionToken: "of-process",
      Expiration: later(),
    };
    const config = `[default]\ncredential_process = cat answer.json\n`;
    const home = { config, "answer.json": JSON.stringify(answer) };
    await expectIdentity("AKIDPROCESS", "of-process", { env: files, home });
  });

  it("[CRED-4] an SSO session, with the token that `aws sso login` left", async () => {
    stub = ({ url, headers }) =>
      url?.startsWith("/federation/credentials?") &&
      url.includes("role_name=reader") &&
      headers["x-amz-sso_bearer_token"] === "sso-token"
        ? JSON.stringify({
            roleCredentials: {
              accessKeyId: "AKIDSSO",
              secretAccessKey: "secret",
              sessionToken: "of-sso",
              expiration: Date.now() + 3_600_000,
            },
          })
        : undefined;
    const config = [
      "[default]",
      "sso_session = corp",
      "sso_account_id = 123456789012",
      "sso_role_name = reader",
      "[sso-session corp]",
      "sso_region = us-east-1",
      "sso_start_url = https://corp.awsapps.com/start",
      "",
    ].join("\n");
    const token = {
      accessToken: "sso-token",
      expiresAt: later(),
      region: "us-east-1",
      startUrl: "https://corp.awsapps.com/start",
    };
    const cache = `.aws/sso/cache/${createHash("sha1").update("corp").digest("hex")}.json`;
    const env = { ...files, AWS_ENDPOINT_URL_SSO: standIn.endpoint };
    const home = { config, [cache]: JSON.stringify(token) };
    await expectIdentity("AKIDSSO", "of-sso", { env, home });
  });

  it("[CRED-4] a session of `aws login`", async () => {
    const session = "arn:aws:iam::123456789012:user/tester";
    const token = {
      accessToken: {
        accessKeyId: "AKIDLOGIN",
        secretAccessKey: "secret",
        sessionToken: "of-login",
        accountId: "123456789012",
        expiresAt: later(),
      },
      tokenType: "aws_sigv4",
      refreshToken: "refresh",
      idToken: "id",
      clientId: "arn:aws:signin:::devtools/same-device",
      dpopKey: "unused",
    };
    const cache = `.aws/login/cache/${createHash("sha256").update(session).digest("hex")}.json`;
    const home = {
      config: `[default]\nlogin_session = ${session}\nregion = us-east-1\n`,
      [cache]: JSON.stringify(token),
    };
    await expectIdentity("AKIDLOGIN", "of-login", { env: files, home });
  });

  it("[CRED-4] roles assumed one by another", async () => {
    const signers: string[] = [];
    stub = ({ headers }, body) => {
      const signer = /Credential=([^/]+)/.exec(headers.authorization ?? "")?.[1] ?? "";
      const role = /role%2F(\w+)/.exec(body)?.[1] ?? "";
      signers.push(`${signer} > ${role}`);
      return sts("AssumeRole", `AKID${role.toUpperCase()}`);
    };
    const role = (name: string, source: string): string =>
      `role_arn = arn:aws:iam::123456789012:role/${name}\nsource_profile = ${source}\n`;
    const config = [
      `[default]\nregion = us-east-1\n${role("last", "middle")}`,
      `[profile middle]\n${role("first", "base")}`,
      `[profile base]\n${keys("BASE")}`,
    ].join("");
    const env = { ...files, AWS_ENDPOINT_URL_STS: standIn.endpoint };
    await expectIdentity("AKIDLAST", "token-AKIDLAST", { env, home: { config } });
    const chain = ["AKIDBASE > first", "AKIDFIRST > last"];
    expect(signers).toEqual([...chain, ...chain]);
  });

  it("[CRED-4] a role of the environment's identity", async () => {
    stub = (_, body) => (body.includes("role%2Fshop") ? sts("AssumeRole", "AKIDROLE") : undefined);
    const config = [
      "[profile shop]",
      "region = us-east-1",
      "role_arn = arn:aws:iam::123456789012:role/shop",
      "credential_source = Environment",
      "",
    ].join("\n");
    const env = {
      ...files,
      ...environmentKeys,
      AWS_PROFILE: "shop",
      AWS_ENDPOINT_URL_STS: standIn.endpoint,
    };
    await expectIdentity("AKIDROLE", "token-AKIDROLE", { env, home: { config } });
  });

  it("[CRED-4] a mistake in it is an error, and no other source is asked", async () => {
    const config =
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = none\n";
    const env = { ...files, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.endpoint}/credentials` };
    const [ours, , { reports }] = await identities({ env, home: { config } });
    expect(ours).toBeUndefined();
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS" });
  });
});

describe("web identity", () => {
  it("[CRED-1] a token file and a role, as on EKS", async () => {
    stub = (_, body) =>
      body.includes("Action=AssumeRoleWithWebIdentity") && body.includes("WebIdentityToken=a-jwt")
        ? sts("AssumeRoleWithWebIdentity", "AKIDWEB")
        : undefined;
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: "token",
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/web",
      AWS_ENDPOINT_URL_STS: standIn.endpoint,
    };
    await expectIdentity("AKIDWEB", "token-AKIDWEB", { env, home: { token: "a-jwt" } });
  });
});

/** As containers and instances are given them. */
const roleKeys = (id: string): string =>
  JSON.stringify({
    Code: "Success",
    LastUpdated: new Date().toISOString(),
    Type: "AWS-HMAC",
    AccessKeyId: id,
    SecretAccessKey: "secret",
    Token: `token-${id}`,
    Expiration: later(),
  });

describe("container", () => {
  it("[CRED-1] ECS: a URL and a token", async () => {
    stub = ({ url, headers }) =>
      url === "/role" && headers.authorization === "a-secret" ? roleKeys("AKIDECS") : undefined;
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.endpoint}/role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "a-secret",
    };
    await expectIdentity("AKIDECS", "token-AKIDECS", { env });
  });

  it("[CRED-1] EKS pod identity: a URL and a token file", async () => {
    stub = ({ url, headers }) =>
      url === "/v1/credentials" && headers.authorization === "from-file"
        ? roleKeys("AKIDPOD")
        : undefined;
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.endpoint}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "token",
    };
    await expectIdentity("AKIDPOD", "token-AKIDPOD", { env, home: { token: "from-file" } });
  });
});

describe("instance", () => {
  const metadata: Stub = ({ method, url, headers }) => {
    if (method === "PUT" && url === "/latest/api/token") return "session-token";
    if (headers["x-aws-ec2-metadata-token"] !== "session-token") return undefined;
    if (url === "/latest/meta-data/iam/security-credentials/") return "my-role";
    if (url === "/latest/meta-data/iam/security-credentials/my-role") return roleKeys("AKIDEC2");
    return undefined;
  };
  const env = (disabled: string): Record<string, string> => ({
    AWS_EC2_METADATA_DISABLED: disabled,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: standIn.endpoint,
  });

  it.each(["false", ""])("[CRED-1] its metadata service, version 2 (disabled: %j)", async (off) => {
    stub = metadata;
    await expectIdentity("AKIDEC2", "token-AKIDEC2", { env: env(off) });
  });

  it.each(["true", "TRUE", "1", "yes"])(
    "[CRED-3] AWS_EC2_METADATA_DISABLED=%s: it is not asked, and the error lists the sources",
    async (off) => {
      stub = metadata;
      const [ours, theirs, { reports }] = await identities({ env: env(off) });
      expect([ours, theirs]).toEqual([undefined, undefined]);
      expect(standIn.seen).toEqual([]);
      expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS" });
      expect(reports[0].message).toContain("the environment");
    },
  );
});

describe("again", () => {
  it("[CRED-5] one lookup serves 1,000 parallel reads", async () => {
    stub = () => roleKeys("AKIDECS");
    const script = `
      const driver = dynamoDbCacheDriver({ table: "t-1", region: "us-east-1", endpoint: ${literal(recorder.endpoint)} });
      await Promise.all(Array.from({ length: 1000 }, (_, n) => driver.getItem("k" + n)));
    `;
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.endpoint}/role` };
    expect(await runChild(script, { env })).toMatchObject({ code: 0, stderr: "" });
    expect(recorder.exchanges).toHaveLength(1000);
    expect(standIn.seen.map(({ path }) => path)).toEqual(["/role"]);
  });

  it("[CRED-8] when AWS refuses them, the files are read again", async () => {
    const script = `
      const { writeFileSync } = await import("node:fs");
      const driver = dynamoDbCacheDriver({ table: "t-1", region: "us-east-1", endpoint: ${literal(recorder.endpoint)} });
      report(await driver.getItem("k"));
      writeFileSync("credentials", ${literal(`[default]\n${keys("NEW")}`)});
      report(await driver.getItem("k"));
    `;
    recorder.spoil(({ accessKeyId }, nth) =>
      accessKeyId === "AKIDOLD" && nth > 1
        ? serviceError("ExpiredTokenException", "no")
        : { status: 200, body: {} },
    );
    const home = { credentials: `[default]\n${keys("OLD")}` };
    expect((await runChild(script, { env: files, home })).reports).toEqual([null, null]);
    expect(recorder.exchanges.map(({ accessKeyId }) => accessKeyId)).toEqual([
      "AKIDOLD",
      "AKIDOLD",
      "AKIDNEW",
    ]);
  });
});
