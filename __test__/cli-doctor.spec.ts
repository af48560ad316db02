// `npx unstorage-dynamodb doctor`: a table that fits, the sources of settings, failures before the first request, and
// secrets.
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { access, runCli, runDoctor } from "./helpers/cli";
import { useDoctorTables } from "./helpers/doctor";
import { serviceError } from "./helpers/recorder";

const { table, recorder, indexed, given } = useDoctorTables();

const requested = "GetItem PutItem BatchGetItem BatchWriteItem Scan".split(" ");
const names = [
  ..."addon options credentials dns endpoint tls clock access table key ttl index".split(" "),
  ...requested.concat("Scan of index", "read after write", "latency", "DeleteItem", "units"),
];

describe("a table that fits", () => {
  it("[CLI-1] prints one line per check, in order, and exits with 0", async () => {
    const { code, stdout, stderr } = await runCli(["doctor", ...given()]);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("    "));
    expect(lines.map((line) => line.slice(2, 18).trim())).toEqual(names);
    expect(lines.every((line) => /^[✔–] /.test(line))).toBe(true);
    expect(stdout).not.toContain("✘");
  });

  it("[CLI-1] prints the same as JSON with --json", async () => {
    const { code, report, checks } = await runDoctor(given());
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, version: "0.1.0", warnings: [] });
    expect(report.checks.map(({ name }: any) => name)).toEqual(names);
    expect(checks.table).toMatchObject({
      state: "ok",
      text: expect.stringMatching(/account \d{12}/),
    });
    expect(checks.credentials.text).toContain("the environment");
  });

  it("[CLI-5] writes only under a prefix of its own below the base, and removes it", async () => {
    await table.putRow("app:mine", { value: { S: "1" } });
    const { code } = await runDoctor(given("--base", "app"));
    expect(code).toBe(0);
    const written = [
      ...recorder.of("PutItem").map(({ request }) => request.Item.key.S),
      ...recorder
        .of("BatchWriteItem")
        .flatMap(({ request }) => request.RequestItems[table.name])
        .map(({ PutRequest }) => PutRequest.Item.key.S),
      ...recorder.of("DeleteItem").map(({ request }) => request.Key.key.S),
    ];
    expect(written.length).toBeGreaterThan(5);
    for (const key of written)
      expect(key).toMatch(/^app:unstorage-dynamodb-doctor:[\da-f-]{36}:[ab]$/);
    expect(await table.keys()).toEqual(["app:mine"]);
    await table.empty();
  });

  it("[CLI-5] never scans the table: each Scan is limited to one row", async () => {
    const options = ["--table", indexed.name, "--endpoint", recorder.endpoint];
    const { code } = await runDoctor([...options, "--index", "keys", "--ttl-attribute", "expires"]);
    // The index projects another attribute than this expiry.
    expect(code).toBe(1);
    const scans = recorder.of("Scan").map(({ request }) => [request.IndexName, request.Limit]);
    expect(scans).toEqual([
      [undefined, 1],
      ["keys", 1],
    ]);
  });

  it("[CLI-6] reads 20 times, and prints latency and units", async () => {
    const { checks } = await runDoctor(given());
    expect(recorder.of("GetItem").length).toBeGreaterThanOrEqual(20);
    const { p50, max } = checks.latency.figures;
    expect(checks.latency.text).toMatch(/^20 reads: p50 [\d.]+ ms, max [\d.]+ ms$/);
    expect(p50).toBeGreaterThan(0);
    expect(max).toBeGreaterThanOrEqual(p50);
    const sum = (unit: (response: any) => number[]) =>
      recorder.exchanges.flatMap(({ response }) => unit(response)).reduce((a, b) => a + b, 0);
    const consumed = (response: any): any[] => [response?.ConsumedCapacity ?? []].flat();
    const total = sum((response) => consumed(response).map(({ CapacityUnits }) => CapacityUnits));
    const { readUnits, writeUnits, requests } = checks.units.figures;
    expect(readUnits + writeUnits).toBe(total);
    expect(total).toBeGreaterThan(0);
    // All but the empty request for the time.
    expect(requests).toBe(recorder.exchanges.filter(({ operation }) => operation).length);
  });
});

describe("the source of each setting", () => {
  const settings = async (args: string[], options = {}) => {
    const { checks } = await runDoctor(args, options);
    const list: any[] = checks.options.options ?? [];
    return Object.fromEntries(
      list.map(({ name, value, source }) => [name, `${value} (${source})`]),
    );
  };

  it("[CLI-2] options come first", async () => {
    const args = given("--region", "eu-west-1", "--base", "b", "--ttl-attribute", "t");
    expect(await settings(args, { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" } })).toMatchObject(
      {
        table: `${table.name} (--table)`,
        region: "eu-west-1 (--region)",
        endpoint: `${recorder.endpoint} (--endpoint)`,
        profile: "default (default)",
        base: "b (--base)",
        "key-attribute": "key (default)",
        "ttl-attribute": "t (--ttl-attribute)",
      },
    );
  });

  it("[CLI-2] then the environment", async () => {
    const env = {
      UNSTORAGE_DYNAMODB_TABLE: table.name,
      AWS_ENDPOINT_URL_DYNAMODB: recorder.endpoint,
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: "us-east-1",
    };
    expect(await settings([], { env })).toMatchObject({
      table: `${table.name} (UNSTORAGE_DYNAMODB_TABLE)`,
      region: "us-east-1 (AWS_DEFAULT_REGION)",
      endpoint: `${recorder.endpoint} (AWS_ENDPOINT_URL_DYNAMODB)`,
    });
    expect(
      await settings(["--table", table.name], { env: { AWS_ENDPOINT_URL: recorder.endpoint } }),
    ).toMatchObject({
      region: "us-east-1 (AWS_REGION)",
      endpoint: `${recorder.endpoint} (AWS_ENDPOINT_URL)`,
    });
  });

  it("[CLI-2] [CLI-3] then the profile, also for credentials", async () => {
    const [aws_access_key_id, aws_secret_access_key] = [access.AWS_ACCESS_KEY_ID, "CANARY"];
    const file = {
      aws_access_key_id,
      aws_secret_access_key,
      region: "eu-west-1",
      endpoint_url: recorder.endpoint,
    };
    const lines = Object.entries(file).map(([name, value]) => `${name} = ${value}`);
    const home = { ".aws/config": `[profile dev]\n${lines.join("\n")}\n` };
    const env = {
      AWS_REGION: undefined,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_PROFILE: "dev",
    };
    const options = { home, env };
    expect(await settings(["--table", table.name], options)).toMatchObject({
      region: "eu-west-1 (the AWS profile)",
      endpoint: `${recorder.endpoint} (the AWS profile)`,
      profile: "dev (AWS_PROFILE)",
    });
    const { checks } = await runDoctor(["--table", table.name], options);
    expect(checks.credentials).toMatchObject({ state: "ok", text: "from the AWS profile" });
    expect(JSON.stringify(checks)).not.toContain("CANARY");
  });

  it("[CLI-2] and last AWS's own, with the region of the table's ARN", async () => {
    const arn = "arn:aws:dynamodb:eu-west-3:123456789012:table/cache";
    // Through a proxy that does not exist, so that nothing reaches AWS.
    const proxy = "http://user:CANARY@127.0.0.1:1";
    const args = ["--table", arn, "--proxy", proxy, "--timeout", "1"];
    const { checks } = await runDoctor(args);
    const list: any[] = checks.options.options;
    expect(list).toContainEqual({ name: "region", value: "eu-west-3", source: "the table's ARN" });
    expect(list).toContainEqual({
      name: "endpoint",
      value: "that of AWS for the region",
      source: "default",
    });
    expect(list).toContainEqual({ name: "proxy", value: "http://127.0.0.1:1", source: "--proxy" });
    expect(checks.dns).toMatchObject({ state: "skipped" });
    expect(checks.tls).toMatchObject({ state: "failed" });
  });

  it("[CLI-3] shows the account of the credentials if their source tells it", async () => {
    const { checks } = await runDoctor(given(), { env: { AWS_ACCOUNT_ID: "123456789012" } });
    expect(checks.credentials.text).toBe("from the environment, of account 123456789012");
  });
});

describe("failures before the first request", () => {
  it("[CLI-4] the addon is missing: nothing else is checked", async () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere/at-all.node" };
    const { code, checks, failed, report } = await runDoctor(given(), { env });
    expect({ code, failed, ok: report.ok }).toEqual({ code: 1, failed: ["addon"], ok: false });
    expect(checks.addon).toMatchObject({ code: "ERR_DYNAMODB_BINDING" });
    expect(checks.addon.text).toMatch(/is missing.*install/s);
    const rest = report.checks.slice(1);
    expect(rest).toHaveLength(names.length - 1);
    expect(new Set(rest.map(({ text }: any) => text))).toEqual(
      new Set(["not checked, because of addon"]),
    );
  });

  it.each<[string, string[], Record<string, string | undefined>, string, RegExp]>([
    ["no table", ["--region", "eu-west-1"], {}, "ERR_DYNAMODB_INVALID_OPTION", /`table`/],
    [
      "an invalid region",
      ["--table", "t-1", "--region", "eu west"],
      {},
      "ERR_DYNAMODB_INVALID_OPTION",
      /`region`/,
    ],
    [
      "no region",
      ["--table", "t-1"],
      { AWS_REGION: undefined },
      "ERR_DYNAMODB_NO_REGION",
      /AWS_REGION/,
    ],
    [
      "an unknown profile",
      ["--table", "t-1", "--profile", "none"],
      {},
      "ERR_DYNAMODB_INVALID_OPTION",
      /"none"/,
    ],
    [
      "an endpoint without a scheme",
      ["--table", "t-1"],
      { AWS_ENDPOINT_URL: "here" },
      "ERR_DYNAMODB_INVALID_OPTION",
      /AWS_ENDPOINT_URL/,
    ],
  ])("[CLI-4] %s", async (_, args, env, code, text) => {
    const result = await runDoctor(args, { env });
    expect({ code: result.code, failed: result.failed }).toEqual({ code: 1, failed: ["options"] });
    expect(result.checks.options).toMatchObject({ code, text: expect.stringMatching(text) });
  });

  it("[CLI-4] no credentials", async () => {
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const { code, checks, failed } = await runDoctor(given(), { env });
    expect({ code, failed }).toEqual({ code: 1, failed: ["credentials"] });
    expect(checks.credentials).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS" });
    expect(checks.credentials.cure).toContain("AWS_ACCESS_KEY_ID");
    expect(recorder.exchanges).toEqual([]);
  });

  it("[CLI-4] a name that cannot be resolved", async () => {
    const endpoint = "http://dynamodb.unstorage-dynamodb.invalid:8000";
    const { code, checks, failed } = await runDoctor(["--table", "t-1", "--endpoint", endpoint]);
    expect({ code, failed }).toEqual({ code: 1, failed: ["dns"] });
    expect(checks.dns.text).toContain("dynamodb.unstorage-dynamodb.invalid");
    expect(checks.dns.cure).toContain("--endpoint");
  });

  it("[CLI-4] a port that accepts no connections", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    const endpoint = `http://127.0.0.1:${port}`;
    const { code, checks, failed } = await runDoctor(["--table", "t-1", "--endpoint", endpoint]);
    expect({ code, failed }).toEqual({ code: 1, failed: ["endpoint"] });
    expect(checks.endpoint.text).toContain("ECONNREFUSED");
    expect(checks.endpoint.cure).toContain("security group");
  });
});

describe("secrets", () => {
  const env = {
    AWS_ACCESS_KEY_ID: "AKIDCANARY",
    AWS_SECRET_ACCESS_KEY: "CANARY",
    AWS_SESSION_TOKEN: "CANARY",
  };
  const signed = () => serviceError("InvalidSignatureException", "wrong\n\ntoken:CANARY");

  it.each<[string, string[], Record<string, string>]>([
    ["of credentials", [], env],
    ["in the URL of a proxy", ["--proxy", "http://user:CANARY@127.0.0.1:1", "--timeout", "1"], {}],
    ["in the URL of an endpoint", ["--endpoint", "http://user:CANARY@127.0.0.1:1"], {}],
    [
      "in a variable with an endpoint",
      ["--endpoint", ""],
      { AWS_ENDPOINT_URL: "http://u:CANARY@127.0.0.1:1" },
    ],
    ["as an argument", ["CANARY"], {}],
    ["as an unknown option", ["--secret-access-key", "CANARY"], {}],
    ["as an unknown option with =", ["--secret-access-key=CANARY"], {}],
  ])("[CLI-8] %s are not printed", async (_, more, variables) => {
    recorder.spoil(({ operation }) => (operation ? signed() : undefined));
    for (const json of [[], ["--json"]]) {
      const { code, stdout, stderr } = await runCli(["doctor", ...given(), ...json, ...more], {
        env: variables,
      });
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toContain("CANARY");
    }
  });

  it("[CLI-8] are not printed if all is well", async () => {
    const { code, stdout, stderr } = await runCli(["doctor", ...given()], {
      env: { AWS_SECRET_ACCESS_KEY: "CANARY", AWS_SESSION_TOKEN: "CANARY" },
    });
    expect(code, stdout).toBe(0);
    expect(recorder.of("GetItem")[0]?.securityToken).toBe("CANARY");
    expect(stdout + stderr).not.toContain("CANARY");
  });
});
