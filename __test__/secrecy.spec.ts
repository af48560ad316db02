// Errors contain no value and no secret. The tests use canaries, cause every kind of failure, and inspect errors in
// every way.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { accessDenied, serviceError, type Rule } from "./helpers/recorder";
import { credentials as real, engineOptions, uniqueName } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();
const value = "CANARYvalue".repeat(20);
const secrets = { secretAccessKey: "CANARYsecret", sessionToken: "CANARYtoken" };
const credentials = { accessKeyId: "AKIDCANARY", ...secrets };

/** AWS reports an invalid signature with the signed request, including the session token. */
const mismatch = [
  "The request signature we calculated does not match the signature you provided.",
  "The Canonical String for this request should have been\n'POST\n/\n",
  `x-amz-security-token:${credentials.sessionToken}\n'`,
].join("\n\n");

/** Checks everything that a log could show of a call's error, including hidden properties and causes. */
async function expectNoCanary(call: Promise<unknown>): Promise<void> {
  const error = await failureOf(call);
  const parts = [String(error), JSON.stringify(error)];
  for (let link: any = error; link; link = link.cause) {
    parts.push(inspect(link, { depth: Infinity, showHidden: true, getters: true }));
    parts.push(String(link.message), String(link.stack));
    parts.push(JSON.stringify(Object.getOwnPropertyDescriptors(link)));
  }
  expect(parts.join("\n")).not.toContain("CANARY");
}

describe("[ERR-6] [API-6] no value and no secret is exposed", () => {
  it.each<[string, Rule]>([
    ["access is denied", ({ operation }) => accessDenied(operation)],
    ["the request is throttled", () => serviceError("ThrottlingException", "slow down")],
    ["the service fails", () => serviceError("InternalServerError", "", 500)],
    ["the request is rejected as invalid", () => serviceError("ValidationException", "no")],
    ["the signature is rejected", () => serviceError("InvalidSignatureException", mismatch)],
    ["the response is malformed", () => ({ status: 200, body: `{"CANARYbody": ${value}` })],
    ["an error response is malformed", () => ({ status: 400, body: `CANARYbody ${value}` })],
  ])(
    "when %s",
    async (_, rule) => {
      recorder.spoil(rule);
      const driver = recorded({ credentials });
      const calls = [driver.setItem("k", value), driver.getItem("k"), driver.getKeys()];
      calls.push(driver.setItems(["a", "b"].map((key) => ({ key, value: { deep: [value] } }))));
      calls.push(driver.setItemRaw("k", Buffer.from(value)), driver.getItems(["a", "b"]));
      await Promise.all(calls.map(expectNoCanary));
      // The requests did contain the canaries.
      expect(JSON.stringify(recorder.of("PutItem"))).toContain("CANARYvalue");
      expect(recorder.exchanges[0]?.securityToken).toBe("CANARYtoken");
    },
    60_000,
  );

  it("when the connection fails or a table, option, item, value or ttl is invalid", async () => {
    const driver: any = table.driver({ credentials });
    await expectNoCanary(driver.setItem("k", value.repeat(3000)));
    await expectNoCanary(driver.setItem("k", `${value}\ud800`));
    await expectNoCanary(driver.setItem("k", { value, at: () => value }));
    await expectNoCanary(driver.setItem("k", value, { ttl: -1 }));
    await expectNoCanary(driver.setItem("", value));
    const endpoint = "http://CANARY:CANARY@localhost:8000";
    const wrong = [{ table: "" }, { expireIn: -1 }, { endpoint }, { client: { credentials } }];
    for (const options of [...wrong, { endpoint: "http://127.0.0.1:9" }]) {
      await expectNoCanary(table.driver({ credentials, ...options }).setItem("k", value));
    }
    await expectNoCanary(table.driver({ table: uniqueName() }).setItem("k", value));
  }, 30_000);

  it("in the output of the process, even with verbose logging", async () => {
    // DynamoDB Local separates tables by access key ID, so the table's own ID is needed.
    const given = { ...secrets, accessKeyId: real.accessKeyId };
    const script = `
      const driver = dynamoDbCacheDriver(${literal({ ...engineOptions(table.name), credentials: given })});
      await driver.setItem("logged", ${literal(value)});
      await driver.getItem("logged");
      await failure(driver.setItem("", "v"));
      await driver.dispose();
    `;
    const rust = { RUST_LOG: "trace", RUST_BACKTRACE: "full" };
    const env = { ...rust, AWS_SDK_LOG: "trace", NODE_DEBUG: "net" };
    const { code, stdout, stderr } = await runChild(script, { env });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("CANARY");
    expect((await table.getRow("logged"))?.value).toEqual({ S: value });
  });
});

describe("[ERR-6] the key", () => {
  it.each<[title: string, key: string, words: RegExp]>([
    ["is included", "user:42", /user:42/],
    ["is cut to 100 characters", "x".repeat(2000), /^(?=.*x{90})(?!.*x{101})/s],
    ["is cut between characters", `x${"😀".repeat(300)}`, /^[^😀]*😀{80,100}[^😀]*$/su],
    // Neither line breaks nor control sequences reach a log or a terminal.
    ...["line\nbreak", "\0\u0001\u001b[31mred", "\r\n\t", "\u2028\u2029\u202e", "\u009b2J"].map(
      (key): [string, string, RegExp] => [
        `is escaped: ${JSON.stringify(key)}`,
        key,
        /^[^\p{Cc}\u2028\u2029\u202a-\u202e]*$/u,
      ],
    ),
  ])("%s in the message, and complete in error.key", async (_, key, words) => {
    const error = await failureOf(table.driver().setItem(key, (() => {}) as never));
    expect(error.message).toMatch(words);
    expect(error.message.isWellFormed()).toBe(true);
    expect(error.key).toBe(key);
  });

  it("is complete in error.key for every method, and absent if no single key is affected", async () => {
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
    expect((await failureOf(driver.getKeys())).key).toBeUndefined();
  });
});
