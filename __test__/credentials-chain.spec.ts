// The AWS default chain, source by source, with stand-ins for AWS's endpoints. Each test runs in a separate Node
// process and compares the identity with that of the JavaScript SDK.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { type ChildOptions, type ChildResult, literal, runChild } from "./helpers/child";
import { type Seen, useEndpoint } from "./helpers/endpoint";
import { serviceError, useRecorder } from "./helpers/recorder";

const recorder = useRecorder();
/** Stands in for STS, SSO, the container and the instance. */
const standIn = useEndpoint();
const sdk = pathToFileURL(createRequire(import.meta.url).resolve("@aws-sdk/client-dynamodb")).href;

beforeEach(() => recorder.spoil(() => ({ status: 200, body: {} })));

interface Source extends ChildOptions {
  options?: object;
  /** The stand-in's response. Without one, it sends a 404. */
  answer?: (seen: Seen, body: string) => unknown;
}

/**
 * Makes one `getItem`, reports its failure, and continues with `then`. In `env`, `@` is replaced by the stand-in's URL.
 */
function run({ options, answer, env, ...child }: Source, then = ""): Promise<ChildResult> {
  standIn.script((seen) => {
    const body = answer?.(seen, seen.body.toString());
    const headers = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
    return body ? { headers, body } : { status: 404 };
  });
  const script = `
    const options = ${literal({ region: "us-east-1", endpoint: recorder.endpoint, ...options })};
    const driver = dynamoDbCacheDriver({ table: "from-driver", ...options });
    await driver.getItem("k").catch(({ code, message, retryable, cause }) =>
      report({ code, message, retryable, cause: String(cause) }));
    ${then}
  `;
  const ours = { AWS_ENDPOINT_URL_STS: "@", AWS_ENDPOINT_URL_SSO: "@", ...env };
  const used = JSON.stringify(ours).replaceAll('"@', `"${standIn.endpoint}`);
  return runChild(script, { ...child, env: JSON.parse(used) });
}

const withSdk = `
  const { DynamoDBClient, GetItemCommand } = await import(${literal(sdk)});
  const client = new DynamoDBClient({ maxAttempts: 1, ...options });
  await client.send(new GetItemCommand({ TableName: "from-sdk", Key: { key: { S: "k" } } })).catch(() => {});
`;

async function expectIdentity(id: string, source: Source): Promise<void> {
  expect((await run(source, withSdk)).reports).toEqual([]);
  const found = recorder.exchanges.map(({ request, ...by }) => {
    return `${request.TableName} ${by.accessKeyId} ${by.securityToken}`;
  });
  expect(found).toEqual(["from-driver", "from-sdk"].map((from) => `${from} ${id} token-${id}`));
}

const expiration = Date.now() + 3_600_000;
const later = new Date(expiration).toISOString();

/** The format of containers, instances and processes. */
const given = (AccessKeyId: string): object => {
  const [SecretAccessKey, Token] = ["secret", `token-${AccessKeyId}`];
  const known = { AccessKeyId, SecretAccessKey, Token, SessionToken: Token, Expiration: later };
  return { Version: 1, Code: "Success", ...known };
};

/** The format of SSO and `aws login`. */
const session = (accessKeyId: string, more: object): object => {
  const [secretAccessKey, sessionToken] = ["secret", `token-${accessKeyId}`];
  return { accessKeyId, secretAccessKey, sessionToken, ...more };
};

function sts(id: string, action = "AssumeRole"): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>
    <Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>token-${id}</SessionToken><Expiration>${later}</Expiration></Credentials>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>
      <AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>
    </${action}Result></${action}Response>`;
}

const environment = {
  AWS_ACCESS_KEY_ID: "AKIDENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token-AKIDENVIRONMENT",
};
const shop = { AWS_PROFILE: "shop" };
const keys = (id: string, token = `token-${id}`): string =>
  `aws_access_key_id = ${id}\naws_secret_access_key = secret\naws_session_token = ${token}\n`;
const role = (name: string, source: string): string =>
  `role_arn = arn:aws:iam::123456789012:role/${name}\n${source}\n`;
const config = (text: string): Record<string, string> => ({ ".aws/config": text });
const viaRole = (source: string, env = {}): Source => ({
  env: { ...environment, ...shop, ...env },
  home: config(`[profile shop]\nregion = us-east-1\n${role("shop", source)}`),
});
const fromProcess = (id: string, { home, env }: Source = {}): Source => ({
  env,
  home: {
    "answer.json": JSON.stringify(given(id)),
    ...config(`${home?.[".aws/config"] ?? "[default]"}\ncredential_process = cat answer.json\n`),
  },
});
const fromContainer = (path = "", more = {}): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `@${path}`,
  ...more,
});
const cached = (kind: string, algorithm: string, name: string, token: object) => ({
  [`.aws/${kind}/cache/${createHash(algorithm).update(name).digest("hex")}.json`]: literal(token),
});

describe("environment and profile", () => {
  const home = { ".aws/credentials": `[default]\n${keys("DEFAULT")}[shop]\n${keys("SHOP")}` };

  it.each<[string, string, Record<string, string>, object?]>([
    ["[CRED-1] the environment's keys go first", "AKIDENVIRONMENT", environment],
    ["[CRED-1] then the default profile", "DEFAULT", {}],
    ["[CRED-2] AWS_PROFILE goes over both", "SHOP", { ...environment, ...shop }],
    ["[CRED-2] so does the option", "SHOP", environment, { profile: "shop" }],
    ["[CRED-2] if not empty", "AKIDENVIRONMENT", { ...environment, AWS_PROFILE: "" }],
  ])("%s: %s", (_, id, env, options) => expectIdentity(id, { env, home, options }));
});

describe("what a profile may contain", () => {
  it("[CRED-4] credential_process", () =>
    expectIdentity("AKIDPROCESS", fromProcess("AKIDPROCESS")));

  it("[CRED-4] an SSO session with the token of `aws sso login`", () => {
    const text = `[default]
      sso_session = corp
      sso_account_id = 123456789012
      sso_role_name = reader
      [sso-session corp]
      sso_region = us-east-1
      sso_start_url = https://corp.awsapps.com/start
    `.replaceAll(/^ +/gm, "");
    const token = { accessToken: "sso-token", expiresAt: later };
    return expectIdentity("AKIDSSO", {
      home: { ...config(text), ...cached("sso", "sha1", "corp", token) },
      answer: ({ path, headers }) =>
        /^\/federation\/credentials\?.*role_name=reader/.test(path) &&
        headers["x-amz-sso_bearer_token"] === "sso-token" && {
          roleCredentials: session("AKIDSSO", { expiration }),
        },
    });
  });

  it("[CRED-4] a session of `aws login`", () => {
    const name = "arn:aws:iam::123456789012:user/tester";
    const token = {
      accessToken: session("AKIDLOGIN", { accountId: "123456789012", expiresAt: later }),
      clientId: "arn:aws:signin:::devtools/same-device",
      tokenType: "aws_sigv4",
      refreshToken: "refresh",
      idToken: "id",
      dpopKey: "unused",
    };
    const text = `[default]\nlogin_session = ${name}\nregion = us-east-1\n`;
    const home = { ...config(text), ...cached("login", "sha256", name, token) };
    return expectIdentity("AKIDLOGIN", { home });
  });

  it("[CRED-4] chained roles", () => {
    const text = `[default]\nregion = us-east-1\n${role("last", "source_profile = middle")}
      [profile middle]\n${role("first", "source_profile = base")}[profile base]\n${keys("BASE")}`;
    const signers: Record<string, string> = { first: "BASE", last: "FIRST" };
    return expectIdentity("LAST", {
      home: config(text.replaceAll(/^ +/gm, "")),
      answer: ({ headers }, body) => {
        const name = /role%2F(\w+)/.exec(body)?.[1] ?? "";
        const [, signer] = /Credential=([^/]+)/.exec(headers.authorization ?? "") ?? [];
        return signer === signers[name] ? sts(name.toUpperCase()) : undefined;
      },
    });
  });

  it("[CRED-4] a role assumed with the environment's credentials", () =>
    expectIdentity("AKIDROLE", {
      ...viaRole("credential_source = Environment"),
      answer: (_, body) => (body.includes("role%2Fshop") ? sts("AKIDROLE") : undefined),
    }));
});

describe("web identity, container and instance", () => {
  it("[CRED-1] a token file and a role, as on EKS", () =>
    expectIdentity("AKIDWEB", {
      env: {
        AWS_WEB_IDENTITY_TOKEN_FILE: "token",
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/web",
      },
      home: { token: "a-jwt" },
      answer: (_, body) =>
        body.includes("Action=AssumeRoleWithWebIdentity") &&
        body.includes("WebIdentityToken=a-jwt") &&
        sts("AKIDWEB", "AssumeRoleWithWebIdentity"),
    }));

  it.each([
    ["ECS: a URL and a token", { AWS_CONTAINER_AUTHORIZATION_TOKEN: "a-secret" }],
    ["EKS pod identity: a URL and a file", { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "token" }],
  ])("[CRED-1] %s", (_, more) =>
    expectIdentity("AKIDROLE", {
      env: fromContainer("/role", more),
      home: { token: "a-secret" },
      answer: ({ path, headers }) =>
        path === "/role" && headers.authorization === "a-secret" ? given("AKIDROLE") : undefined,
    }),
  );

  const instance = (disabled: string): Source => ({
    env: { AWS_EC2_METADATA_DISABLED: disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: "@" },
    answer: ({ method, path, headers }) => {
      if (method === "PUT" && path === "/latest/api/token") return "session-token";
      if (headers["x-aws-ec2-metadata-token"] !== "session-token") return undefined;
      const [, name = "none"] = /meta-data\/iam\/security-credentials\/(.*)$/.exec(path) ?? [];
      return { "": "my-role", "my-role": given("AKIDEC2") }[name];
    },
  });

  it.each(["false", ""])("[CRED-1] metadata, version 2 (disabled: %j)", (off) =>
    expectIdentity("AKIDEC2", instance(off)),
  );

  it.each(["true", "TRUE", "1", "yes"])(
    "[CRED-3] AWS_EC2_METADATA_DISABLED=%s: no request",
    async (off) => {
      const { reports } = await run(instance(off), withSdk);
      expect(reports).toMatchObject([{ code: "ERR_DYNAMODB_CREDENTIALS" }]);
      expect(reports[0].message).toContain("the environment");
      expect([recorder.exchanges, standIn.seen]).toEqual([[], []]);
    },
  );
});

describe("what is rejected", () => {
  const missing = { ...environment, AWS_PROFILE: "missing" };
  const circle = `${role("r", "source_profile = b")}[profile b]\n${role("s", "source_profile = default")}`;
  it.each([
    ["[CRED-2] a profile that is missing: the environment's keys are not used", missing, ""],
    ["[CRED-4] a role without a source: no other source is asked", fromContainer(), role("r", "")],
    [
      "[CRED-4] a source profile that is missing: no other source is asked",
      fromContainer(),
      role("r", "source_profile = missing"),
    ],
    ["[CRED-4] a circle of roles: no other source is asked", fromContainer(), circle],
  ])("%s", async (_, env, profile) => {
    const home = config(`[default]\n${profile}`);
    const { reports } = await run({ env, home, answer: () => given("AKIDROLE") });
    expect(reports).toMatchObject([{ code: "ERR_DYNAMODB_CREDENTIALS" }]);
    expect([recorder.exchanges, standIn.seen]).toEqual([[], []]);
  });

  const base = "source_profile = base\n[profile base]";
  const here = "the environment";
  const flawed = (variables: object) => ({ env: { ...environment, ...variables } });
  const id = { AWS_ACCESS_KEY_ID: "CANARY\n" };
  const file = { ".aws/credentials": `[default]\n${keys("CANARY\uFEFF")}` };
  const process = "the `credential_process` of the AWS profile";
  const container = { env: fromContainer(), answer: () => given("CANARY\n") };
  const withToken = viaRole(`${base}\n${keys("BASE", "CANARY ä")}`);
  it.each<[part: string, of: string, Source]>([
    ["AWS_ACCESS_KEY_ID", here, flawed(id)],
    ["AWS_SECRET_ACCESS_KEY", here, flawed({ AWS_SECRET_ACCESS_KEY: "\uFEFFCANARY" })],
    ["AWS_SESSION_TOKEN", here, flawed({ AWS_SESSION_TOKEN: "CANARY CANARY" })],
    ["AWS_ACCESS_KEY_ID", here, viaRole("credential_source = Environment", id)],
    ["aws_access_key_id", 'the AWS profile "default"', { home: file }],
    ["aws_session_token", 'the AWS profile "base"', withToken],
    ["AccessKeyId", process, fromProcess("CANARY\n")],
    ["AccessKeyId", process, fromProcess("CANARY\n", viaRole(base))],
    ["AccessKeyId", "the container's credentials endpoint", container],
  ])("[CRED-12] %s of %s: the error names both", async (part, of, source) => {
    const { reports, stderr } = await run(source);
    expect(stderr).toBe("");
    expect(reports).toMatchObject([{ code: "ERR_DYNAMODB_CREDENTIALS", retryable: false }]);
    expect(reports[0].message).toContain(`\`${part}\` of ${of}`);
    expect(JSON.stringify(reports)).not.toContain("CANARY");
    expect(recorder.exchanges).toEqual([]);
    expect(standIn.seen.filter(({ method }) => method === "POST")).toEqual([]);
  });

  const some = { credentials: { accessKeyId: "id", secretAccessKey: "s" } };
  it.each([{}, some])("[CRED-16] a missing account ID that is required: %j", async (options) => {
    const env = { ...environment, AWS_ACCOUNT_ID_ENDPOINT_MODE: "required" };
    const { reports } = await run({ env, options: { ...options, endpoint: undefined } });
    expect(reports).toMatchObject([{ code: "ERR_DYNAMODB_INVALID_OPTION", retryable: false }]);
    expect(reports[0].message).toContain("AWS_ACCOUNT_ID_ENDPOINT_MODE");
  });
});

describe("repeated lookups", () => {
  it("[CRED-5] one lookup serves 1,000 parallel reads", async () => {
    const reads = `
      const other = dynamoDbCacheDriver({ table: "from-driver", ...options });
      await Promise.all(Array.from({ length: 1000 }, (_, n) => other.getItem("k" + n)));
    `;
    const source = { env: fromContainer("/role"), answer: () => given("AKIDECS") };
    expect(await run(source, reads)).toMatchObject({ code: 0, stderr: "", reports: [] });
    expect(recorder.exchanges).toHaveLength(1001);
    // Each driver makes its own request.
    expect(standIn.seen.map(({ path }) => path)).toEqual(["/role", "/role"]);
  });

  it("[CRED-8] if AWS rejects them, the files are read again", async () => {
    recorder.spoil(({ accessKeyId }, nth) =>
      accessKeyId === "OLD" && nth > 1
        ? serviceError("ExpiredTokenException", "no")
        : { status: 200, body: {} },
    );
    const home = { ".aws/credentials": `[default]\n${keys("OLD")}` };
    const then = `
      const { writeFileSync } = await import("node:fs");
      writeFileSync(".aws/credentials", ${literal(`[default]\n${keys("NEW")}`)});
      report(await driver.getItem("k"));
    `;
    expect((await run({ home }, then)).reports).toEqual([null]);
    expect(recorder.exchanges.map(({ accessKeyId }) => accessKeyId)).toEqual(["OLD", "OLD", "NEW"]);
  });
});
