// Errors contain nothing that must stay private: canaries as values and secrets, every kind of failure, and every way
// of inspecting an error.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { accessDenied, serviceError, type Rule, useRecorder } from "./helpers/recorder";
import {
  credentials as engineCredentials,
  engineOptions,
  uniqueName,
  useTable,
} from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const value = "CANARYvalue".repeat(20);
const credentials = {
  accessKeyId: "AKIDCANARY",
  secretAccessKey: "CANARYsecret",
  sessionToken: "CANARYtoken",
};

/** AWS explains an invalid signature by quoting what was signed, including the session token. */
const mismatch = [
  "The request signature we calculated does not match the signature you provided.",
  "The Canonical String for this request should have been\n'POST\n/\n",
  `x-amz-security-token:${credentials.sessionToken}\n'`,
].join("\n\n");

/** Everything that a log could show of an error, including hidden properties and causes. */
function shown(error: unknown): string {
  const parts = [String(error), JSON.stringify(error)];
  for (let link: any = error; link; link = link.cause) {
    parts.push(inspect(link, { depth: Infinity, showHidden: true, getters: true }));
    parts.push(String(link.message), String(link.stack));
    parts.push(JSON.stringify(Object.getOwnPropertyDescriptors(link)));
  }
  return parts.join("\n");
}

describe("[ERR-6] [API-6] an error contains no value and no secret", () => {
  const rules: [string, Rule][] = [
    ["denied", ({ operation }) => accessDenied(operation)],
    ["throttled", () => serviceError("ThrottlingException", "slow down")],
    ["failing", () => serviceError("InternalServerError", "", 500)],
    ["refused as invalid", () => serviceError("ValidationException", "no")],
    ["told of a wrong signature", () => serviceError("InvalidSignatureException", mismatch)],
    ["answered with nonsense", () => ({ status: 200, body: `{"CANARYbody": ${value}` })],
    [
      "answered with nonsense and an error status",
      () => ({ status: 400, body: `CANARYbody ${value}` }),
    ],
  ];

  it.each(rules)(
    "when %s",
    async (_, rule) => {
      recorder.spoil(rule);
      const driver = table.driver({ endpoint: recorder.endpoint, credentials });
      const calls = [driver.setItem("k", value), driver.getItem("k"), driver.getKeys()];
      calls.push(driver.setItems(["a", "b"].map((key) => ({ key, value: { deep: [value] } }))));
      calls.push(driver.setItemRaw("k", Buffer.from(value)));
      calls.push(driver.getItems(["a", "b"]));
      for (const error of await Promise.all(calls.map(failureOf))) {
        expect(shown(error)).not.toContain("CANARY");
      }
      // They were in flight, so there was something to hide.
      expect(JSON.stringify(recorder.of("PutItem"))).toContain("CANARYvalue");
      expect(recorder.exchanges[0]?.securityToken).toBe("CANARYtoken");
    },
    60_000,
  );

  it("when the connection is refused, or there is no table", async () => {
    const unreachable = table.driver({ endpoint: "http://127.0.0.1:9", credentials });
    const missing = table.driver({ table: uniqueName() });
    for (const driver of [unreachable, missing]) {
      expect(shown(await failureOf(driver.setItem("k", value)))).not.toContain("CANARY");
    }
  }, 30_000);

  it("when the driver rejects the item, its value or its ttl", async () => {
    const driver: any = table.driver({ credentials });
    const errors = [
      await failureOf(driver.setItem("k", value.repeat(3000))),
      await failureOf(driver.setItem("k", `${value}\ud800`)),
      await failureOf(driver.setItem("k", { value, at: () => value })),
      await failureOf(driver.setItem("k", value, { ttl: -1 })),
      await failureOf(driver.setItem("", value)),
    ];
    for (const error of errors) expect(shown(error)).not.toContain("CANARY");
  });

  it("in the output of the process, at any log level", async () => {
    // DynamoDB Local has separate tables for each access key ID, so this uses the table's.
    const { accessKeyId } = engineCredentials;
    const options = { ...engineOptions(table.name), credentials: { ...credentials, accessKeyId } };
    const script = `
      const driver = dynamoDbCacheDriver(${literal(options)});
      await driver.setItem("logged", ${literal(value)});
      await driver.getItem("logged");
      await failure(driver.setItem("", "v"));
      await driver.dispose();
    `;
    const env = {
      RUST_LOG: "trace",
      RUST_BACKTRACE: "full",
      AWS_SDK_LOG: "trace",
      NODE_DEBUG: "net",
    };
    const { code, stdout, stderr } = await runChild(script, { env });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("CANARY");
    expect((await table.getRow("logged"))?.value).toEqual({ S: value });
  });

  it("when an option is rejected", async () => {
    const endpoint = "http://CANARY:CANARY@localhost:8000";
    const wrong = [{ table: "" }, { expireIn: -1 }, { endpoint }, { client: { credentials } }];
    for (const options of wrong) {
      const error = await failureOf(table.driver({ credentials, ...options }).getItem("k"));
      expect(shown(error)).not.toContain("CANARY");
    }
  });
});

describe("[ERR-6] the key", () => {
  async function fail(key: string): Promise<any> {
    return failureOf(table.driver().setItem(key, (() => {}) as never));
  }

  it("is in the message, and unabridged in error.key", async () => {
    const error = await fail("user:42");
    expect(error.message).toContain("user:42");
    expect(error.key).toBe("user:42");
  });

  it.each([
    ["line\nbreak"],
    ["\0\u0001\u001b[31mred"],
    ["\r\n\t"],
    ["\u2028\u2029\u202e"],
    ["\u009b2J"],
  ])("is escaped in the message (%j)", async (key) => {
    const error = await fail(key);
    // A log line stays a single line, and no control characters reach a terminal.
    expect(error.message).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
    expect(error.key).toBe(key);
  });

  it("is truncated to 100 characters in the message", async () => {
    const error = await fail("x".repeat(2000));
    expect(error.message).toMatch(/x{90}/);
    expect(error.message).not.toMatch(/x{101}/);
    expect(error.key).toBe("x".repeat(2000));
  });

  it("is truncated between characters, never within one", async () => {
    const error = await fail(`x${"😀".repeat(300)}`);
    expect(error.message.isWellFormed()).toBe(true);
    expect(error.message.match(/😀/gu)?.length ?? 0).toBeLessThanOrEqual(100);
    expect(error.key).toBe(`x${"😀".repeat(300)}`);
  });

  it("is unabridged in error.key for every failure", async () => {
    const driver = table.driver({ table: uniqueName() });
    const key = `line\n${"x".repeat(500)}`;
    const calls = [
      driver.getItem(key),
      driver.hasItem(key),
      driver.getItems([{ key }]),
      driver.getItemRaw(key),
      driver.getMeta(key),
      driver.setItem(key, "v"),
      driver.setItems([{ key, value: "v" }]),
      driver.setItemRaw(key, "v"),
      driver.removeItem(key),
    ];
    for (const error of await Promise.all(calls.map(failureOf))) expect(error.key).toBe(key);
  });

  it("is absent if the error does not concern an item", async () => {
    const error = await failureOf(table.driver({ table: uniqueName() }).getKeys());
    expect(error.key).toBeUndefined();
  });
});
