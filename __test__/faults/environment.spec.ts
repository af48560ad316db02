// What surrounds the process: poisoned variables, clocks that are wrong, credential sources that do not answer.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "../helpers/child";
import { type Outcome, runCase } from "./helpers/case";
import { awsError, found, type Reply, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

/** One read in a process with this environment. */
async function readWith(env: Record<string, string>, options: object = {}): Promise<Outcome> {
  const given = { endpoint: endpoint.endpoint, ...options };
  const { reports } = await runCase(`report(await settle(make(${literal(given)}).getItem("k")));`, {
    env,
  });
  return reports[0];
}

describe("a poisoned environment", () => {
  const poison: Record<string, string[]> = {
    AWS_MAX_ATTEMPTS: ["0", "abc", "-1", "99999999999999999999", "1.5"],
    AWS_RETRY_MODE: ["x", "ADAPTIVE", " "],
    AWS_NEW_RETRIES_2026: ["true", "x"],
    AWS_REGION: [""],
    AWS_USE_FIPS_ENDPOINT: ["maybe"],
    AWS_USE_DUALSTACK_ENDPOINT: ["maybe"],
    AWS_DEFAULTS_MODE: ["x"],
    AWS_SDK_UA_APP_ID: ["ü\u0001", "x".repeat(1000)],
    AWS_ACCOUNT_ID_ENDPOINT_MODE: ["x"],
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: ["x"],
    AWS_DISABLE_REQUEST_COMPRESSION: ["x"],
    AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: ["-1", "abc"],
    AWS_AUTH_SCHEME_PREFERENCE: ["x", ",,"],
    AWS_SIGV4A_SIGNING_REGION_SET: ["x y"],
    AWS_EC2_METADATA_SERVICE_ENDPOINT: ["not a url"],
    AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: ["x"],
    AWS_METADATA_SERVICE_NUM_ATTEMPTS: ["x"],
    AWS_CONFIG_FILE: ["/dev/null", "/", "/nonexistent"],
    AWS_SHARED_CREDENTIALS_FILE: ["/", "x".repeat(5000)],
    AWS_ENDPOINT_URL_S3: ["not-a-url"],
    TOKIO_WORKER_THREADS: ["abc", "0", "99999999999999999999"],
    RUST_LOG: ["x=y=z"],
    RUST_BACKTRACE: ["x"],
    RUST_MIN_STACK: ["abc"],
    HTTPS_PROXY: ["not a url"],
    NO_PROXY: [","],
    SSL_CERT_FILE: ["/nonexistent"],
  };
  const all = Object.entries(poison).flatMap(([name, values]) =>
    values.map((value): [string, string, string] => [name, value.slice(0, 30), value]),
  );

  it("[case 27] what does not concern an endpoint that is given changes nothing", async () => {
    // Several at once, each in its own process: the native side reads the variables of its process.
    const outcomes: [string, string, Outcome][] = [];
    endpoint.script(() => found("v"));
    const left = [...all];
    async function some(): Promise<void> {
      for (let next = left.pop(); next; next = left.pop()) {
        const [name, short, value] = next;
        outcomes.push([name, short, await readWith({ [name]: value })]);
      }
    }
    await Promise.all([some(), some()]);
    expect(outcomes).toHaveLength(all.length);
    for (const [name, short, { value, error }] of outcomes) {
      // As it was without it; or, where the variable cannot be used, an error that is one of ours.
      if (error) expect([name, short, error.code]).toEqual([name, short, expect.any(String)]);
      else expect([name, short, value]).toEqual([name, short, "v"]);
      expect(error?.code).not.toBe("ERR_DYNAMODB_INTERNAL");
    }
    const failed = outcomes.filter(([, , { error }]) => error).map(([name]) => name);
    expect(failed).toEqual([]);
  });

  it.each(["not-a-url", "ftp://x", "http://", "http://[::1", "//host", "http://user@host"])(
    "[case 27] AWS_ENDPOINT_URL=%j is an error, and never another endpoint",
    async (url) => {
      const options = { endpoint: null, timeout: 500, maxAttempts: 1 };
      const { error } = await readWith({ AWS_ENDPOINT_URL: url, HTTPS_PROXY: "" }, options);
      expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
    },
  );
});

describe("a clock that is wrong", () => {
  const skewed = (date: string, when: string[]): Promise<Outcome> =>
    readAt(when, date, awsError("InvalidSignatureException", 400, "Signature expired: " + date));

  /** One read under `faketime`, by an endpoint that refuses what is not signed within five minutes of now. */
  async function readAt(when: string[], _date: string, refusal: Reply): Promise<Outcome> {
    endpoint.script(({ headers }) => {
      const text = String(headers["x-amz-date"]);
      const signed = Date.parse(
        text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"),
      );
      if (Math.abs(signed - Date.now()) < 300_000) return found("v");
      return { ...refusal, headers: { date: new Date().toUTCString() } };
    });
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: ${literal(endpoint.endpoint)} }).getItem("k")));`,
      { through: ["faketime", ...when], env: monotonic },
    );
    return reports[0];
  }

  // Timers must go on as they are, or nothing would work at all.
  const monotonic = { DONT_FAKE_MONOTONIC: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" };

  it.each([["+10 minutes"], ["-10 minutes"], ["+10 years"], ["-10 years"]])(
    "[case 23] %s: corrected and sent again, or an error that says so",
    async (by) => {
      const { value, error } = await skewed(new Date().toISOString(), ["-f", offset(by)]);
      if (error) {
        expect(error.name).toBe("InvalidSignatureException");
        expect(error.message).toMatch(/clock|expired|signature/i);
      } else expect(value).toBe("v");
    },
  );

  it.each([["1969-12-31 23:00:00"], ["1970-01-01 00:00:01"], ["2100-01-01 00:00:00"]])(
    "[case 23] at %s: no panic",
    async (date) => {
      const { value, error } = await skewed(date, [date]);
      if (error) expect(error.code).not.toBe("ERR_DYNAMODB_INTERNAL");
      else expect(value).toBe("v");
    },
  );

  it("[case 23] jumps back while a request is in flight: its times are not touched", async () => {
    endpoint.script(() => ({ ...found("v"), delay: 300 }));
    // At the fourth reading of the clock or so it is an hour ago.
    const env = { ...monotonic, FAKETIME_START_AFTER_SECONDS: "1" };
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
       const end = performance.now() + 1500;
       const outcomes = [];
       while (performance.now() < end) outcomes.push(await settle(driver.getItem("k")));
       report(outcomes.map(({ value, error }) => value ?? error));`,
      { through: ["faketime", "-f", "-1h"], env },
    );
    expect(new Set(reports[0])).toEqual(new Set(["v"]));
  });

  it("[case 22] an expiry is by the machine's clock, wherever that stands", async () => {
    const script = `
      const driver = dynamoDbCacheDriver({
        table: "cases", region: "us-east-1", endpoint: ${literal(endpoint.endpoint)},
        credentials: { accessKeyId: "AKID", secretAccessKey: "secret" },
      });
      await driver.setItem("k", "v", { ttl: 100 });
      report([Date.now(), await driver.getItem("k")]);
    `;
    const atTime = async (date: string, stored: number): Promise<any[]> => {
      endpoint.script(({ operation }) =>
        operation === "GetItem"
          ? { body: { Item: { value: { S: "v" }, ttl: { N: String(stored) } } } }
          : {},
      );
      const { reports } = await runChild(script, {
        through: ["faketime", date],
        env: { ...monotonic, TZ: "UTC" },
      });
      return [...reports[0], Number(endpoint.of("PutItem")[0]?.request.Item.ttl.N)];
    };
    const at2030 = Date.UTC(2030, 0, 1) / 1000;
    const [now, alive, ttl] = await atTime("2030-01-01 00:00:00", at2030 + 60);
    expect(ttl - Math.ceil(now / 1000 + 100)).toBeLessThanOrEqual(0);
    expect(ttl).toBeGreaterThanOrEqual(at2030 + 100);
    expect(alive).toBe("v");
    const [, gone] = await atTime("2030-01-01 00:00:00", at2030 - 1);
    expect(gone).toBeNull();
  });
});

/** `faketime -f` takes seconds, with their sign. */
function offset(text: string): string {
  const [sign, count, unit] = [text[0], Number.parseInt(text.slice(1), 10), text.split(" ")[1]];
  return `${sign}${count * (unit === "minutes" ? 60 : 31_536_000)}`;
}

describe("a credential source", () => {
  const nothing = { credentials: null };
  const silent: Reply = { silent: true, ending: "hang" };
  const sources: [string, () => Record<string, string>][] = [
    [
      "the instance metadata",
      () => ({
        AWS_EC2_METADATA_DISABLED: "false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint.endpoint,
      }),
    ],
    [
      "the container",
      () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.endpoint}/credentials` }),
    ],
    [
      "the token service",
      () => ({
        AWS_WEB_IDENTITY_TOKEN_FILE: "/etc/hostname",
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/CANARYrole",
        AWS_ENDPOINT_URL_STS: endpoint.endpoint,
      }),
    ],
    ["a process", () => ({ AWS_CONFIG_FILE: "config" })],
  ];
  const home = { config: "[default]\ncredential_process = sleep 100\n" };

  it.each(sources)("[case 25] %s that never answers: an error in bounded time", async (_, env) => {
    endpoint.script(() => silent);
    const given = { endpoint: "http://127.0.0.1:9", ...nothing };
    const { reports } = await runCase(
      `const call = (more) => settle(make({ ...${literal(given)}, ...more }).getItem("k"), 45_000);
       report(await Promise.all([call({ timeout: 0 }), call({ timeout: 500 })]));`,
      { env: { ...env() }, home, limitMs: 100_000 },
    );
    const [patient, bounded] = reports[0];
    expect(patient.error.code).toBe("ERR_DYNAMODB_CREDENTIALS");
    expect(patient.ms).toBeLessThan(40_000);
    expect(bounded.error.code).toBe("ERR_DYNAMODB_TIMEOUT");
    expect(bounded.error.message).toContain("credentials");
  });

  it.each(sources.slice(0, 3))("[case 25] %s that answers garbage: an error", async (_, env) => {
    const garbage = ["CANARYbody", "{}", '{"AccessKeyId": 5}', "<html>", ""];
    for (const body of garbage) {
      endpoint.script(() => ({ body }));
      const options = { endpoint: "http://127.0.0.1:9", timeout: 0, ...nothing };
      const { error } = await readWith(env(), options);
      expect(error.code).toBe("ERR_DYNAMODB_CREDENTIALS");
    }
  });

  it("[case 26] a config file that is no config file: an error, or as if it were not there", async () => {
    endpoint.script(() => found("v"));
    for (const text of ["[default", "]]]\0\u0001", "= = =", "[profile ]\nx", "key = value"]) {
      const { reports } = await runCase(
        `const driver = make({ endpoint: ${literal(endpoint.endpoint)}, credentials: null });
         report(await settle(driver.getItem("k")));`,
        { env: { AWS_CONFIG_FILE: "config" }, home: { config: text } },
      );
      expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(CREDENTIALS|INVALID_OPTION)$/);
    }
  });
});
