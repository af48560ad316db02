// The environment of the process: malicious variables, wrong clocks, and credential sources that do not respond.
import { describe, expect, it } from "vitest";
import { awsError, found } from "../helpers/endpoint";
import { runPlain, useCases } from "./helpers/case";

const { endpoint, run, read } = useCases();

describe("a malicious environment", () => {
  // The ones that the test of ENV-1 does not cover.
  it.each([
    ["AWS_NEW_RETRIES_2026", "true", "x"],
    ["AWS_DISABLE_REQUEST_COMPRESSION", "x"],
    ["AWS_AUTH_SCHEME_PREFERENCE", "x", ",,"],
    ["AWS_SIGV4A_SIGNING_REGION_SET", "x y"],
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "x"],
    ["AWS_METADATA_SERVICE_NUM_ATTEMPTS", "x"],
    ["AWS_CONFIG_FILE", "/dev/null", "/", "/nonexistent"],
    ["AWS_SHARED_CREDENTIALS_FILE", "/", "x".repeat(5000)],
    ["AWS_ENDPOINT_URL_S3", "not-a-url"],
    ["NO_PROXY", ","],
  ])("[case 27] %s, which does not concern the call, changes nothing", async (name, ...values) => {
    endpoint.script(() => found("v"));
    for (const value of values) {
      expect(await read({}, { env: { [name]: value } })).toMatchObject({ value: "v" });
    }
  });
});

describe("a wrong clock", () => {
  // Timers must keep working.
  const monotonic = { DONT_FAKE_MONOTONIC: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
  const year = 31_536_000;

  it.each([
    ["10 minutes fast", "-f", "+600"],
    ["10 minutes slow", "-f", "-600"],
    ["10 years fast", "-f", `+${10 * year}`],
    ["10 years slow", "-f", `-${10 * year}`],
    ["before 1970", "1969-12-31 23:00:00"],
    ["at the start of 1970", "1970-01-01 00:00:01"],
    ["in 2100", "2100-01-01 00:00:00"],
  ])("[case 23] %s: corrected and sent again, or an error that says so", async (_, ...when) => {
    // Signatures must be within five minutes of the server's time.
    endpoint.script(({ headers }) => {
      const parts = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(String(headers["x-amz-date"])) ?? [];
      const [years = 0, month = 0, ...rest] = parts.slice(1).map(Number);
      const isNear = Math.abs(Date.UTC(years, month - 1, ...rest) - Date.now()) < 300_000;
      const refusal = awsError("InvalidSignatureException", 400, "Signature expired");
      return isNear ? found("v") : { ...refusal, headers: { date: new Date().toUTCString() } };
    });
    const { value, error } = await read({}, { through: ["faketime", ...when], env: monotonic });
    if (error) {
      expect(error.name).toBe("InvalidSignatureException");
      expect(error.message).toMatch(/clock|expired|signature/i);
    } else expect(value).toBe("v");
  });

  it("[case 23] jumps back while a request is in flight: timeouts are unaffected", async () => {
    endpoint.script(() => ({ ...found("v"), delay: 300 }));
    // After one second, the clock is an hour behind.
    const [values] = await run(
      `const end = performance.now() + 1500;
       const outcomes = [];
       while (performance.now() < end) outcomes.push(await settle(driver.getItem("k")));
       report(outcomes.map(({ value, error }) => value ?? error));`,
      {
        through: ["faketime", "-f", "-1h"],
        env: { ...monotonic, FAKETIME_START_AFTER_SECONDS: "1" },
      },
    );
    expect(new Set(values)).toEqual(new Set(["v"]));
  });

  it("[case 22] an expiry is based on the machine's clock, right or wrong", async () => {
    const at2030 = Date.UTC(2030, 0, 1) / 1000;
    for (const isAlive of [true, false]) {
      const Item = { value: { S: "v" }, ttl: { N: String(at2030 + (isAlive ? 60 : -1)) } };
      endpoint.script(({ operation }) => (operation === "GetItem" ? { body: { Item } } : {}));
      const { reports } = await runPlain(
        `await driver.setItem("k", "v", { ttl: 100 });
         report([Date.now(), await driver.getItem("k")]);`,
        {
          driver: { endpoint: endpoint.endpoint },
          through: ["faketime", "2030-01-01 00:00:00"],
          env: { ...monotonic, TZ: "UTC" },
        },
      );
      const [[now, got]] = reports;
      const ttl = Number(endpoint.of("PutItem")[0]?.request.Item.ttl.N);
      expect(ttl).toBeGreaterThanOrEqual(at2030 + 100);
      expect(ttl).toBeLessThanOrEqual(Math.ceil(now / 1000 + 100));
      expect(got).toBe(isAlive ? "v" : null);
    }
  });
});

describe("a credential source", () => {
  const unreachable = { endpoint: "http://127.0.0.1:9", credentials: null };
  const home = { config: "[default]\ncredential_process = sleep 100\n" };
  // The percent sign is replaced by the endpoint's URL.
  const sources: [string, string][] = [
    ["the metadata", "AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=%"],
    ["the container", "AWS_CONTAINER_CREDENTIALS_FULL_URI=%/credentials"],
    [
      "the token service",
      "AWS_WEB_IDENTITY_TOKEN_FILE=/etc/hostname AWS_ROLE_ARN=arn:aws:iam::123456789012:role/CANARYrole AWS_ENDPOINT_URL_STS=%",
    ],
    ["a process", "AWS_CONFIG_FILE=config"],
  ];
  const envOf = (pairs: string): Record<string, string> =>
    Object.fromEntries(
      pairs.split(" ").map((pair) => pair.replace("%", endpoint.endpoint).split("=")),
    );

  it.each(sources)("[case 25] %s that never answers: an error in bounded time", async (_, env) => {
    endpoint.script(() => ({ silent: true, ending: "hang" }));
    const [[patient, bounded]] = await run(
      `const call = (timeout) => make({ ...options, timeout }).getItem("k");
       report(await settleAll([call(0), call(500)], 45_000));`,
      { driver: unreachable, env: envOf(env), home },
    );
    expect(patient.error.code).toBe("ERR_DYNAMODB_CREDENTIALS");
    expect(patient.ms).toBeLessThan(40_000);
    expect(bounded.error.code).toBe("ERR_DYNAMODB_TIMEOUT");
    expect(bounded.error.message).toContain("credentials");
  });

  it.each(sources.slice(0, 3))("[case 25] %s that answers garbage: an error", async (_, env) => {
    for (const body of ["CANARYbody", "{}", '{"AccessKeyId": 5}', "<html>", ""]) {
      endpoint.script(() => ({ body }));
      const { error } = await read({ ...unreachable, timeout: 0 }, { env: envOf(env) });
      expect(error.code).toBe("ERR_DYNAMODB_CREDENTIALS");
      expect(endpoint.seen.length).toBeGreaterThan(0);
    }
  });
});
