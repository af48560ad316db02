// The options for the destination and the credentials of requests.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { credentials, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("endpoint", () => {
  it.each([
    ["file:///etc/passwd"],
    ["ftp://localhost:8000"],
    ["localhost:8000"],
    ["//localhost:8000"],
    ["not a url"],
    ["http://"],
    ["http://localhost:99999"],
    ["http://localhost:8000/?debug=1"],
    ["http://localhost:8000/#top"],
    ["http://CANARY@localhost:8000"],
    ["https://CANARY:CANARY@localhost:8000"],
    [8000],
    [{ url: "http://localhost" }],
  ])("[OPT-6] refuses %j", async (endpoint) => {
    const { message } = await refusalOf(recorder, { endpoint });
    expect(message).toContain("`endpoint`");
    expect(message).not.toContain("CANARY");
  });

  it.each([["http://127.0.0.1:9"], ["https://127.0.0.1:9"], ["HTTP://127.0.0.1:9/"]])(
    "[OPT-6] accepts %s",
    async (endpoint) => {
      // Nothing listens on port 9. The attempt to connect shows that the option was accepted.
      await expect(table.driver({ endpoint }).getItem("k")).rejects.toMatchObject({
        code: "ERR_DYNAMODB_CONNECTION",
      });
    },
    20_000,
  );
});

describe("credentials", () => {
  const id = "AKIDCANARY";
  const secret = "CANARYSECRET";
  it.each([
    ["text", secret],
    ["a number", 7],
    ["an empty object", {}],
    ["an array", [id, secret]],
    ["no secret", { accessKeyId: id }],
    ["no id", { secretAccessKey: secret }],
    ["an empty id", { accessKeyId: "", secretAccessKey: secret }],
    ["an empty secret", { accessKeyId: id, secretAccessKey: "" }],
    ["a token that is no text", { accessKeyId: id, secretAccessKey: secret, sessionToken: 5 }],
    ["an id that is no text", { accessKeyId: { id }, secretAccessKey: secret }],
  ])("[OPT-7] refuses %s without showing any of it", async (_, given) => {
    const error = await refusalOf(recorder, { credentials: given });
    expect(error.message).toContain("`credentials");
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain("CANARY");
  });

  it("[OPT-7] signs with the ID and sends the session token", async () => {
    const driver = table.driver({
      credentials: { ...credentials, sessionToken: "a-token" },
      endpoint: recorder.endpoint,
    });
    expect(await driver.getItem("k")).toBeNull();
    expect(recorder.exchanges[0]).toMatchObject({
      accessKeyId: credentials.accessKeyId,
      securityToken: "a-token",
    });
  });

  it("[OPT-7] null, undefined and an empty string mean no session token", async () => {
    for (const sessionToken of [null, undefined, ""]) {
      const given = { ...credentials, sessionToken };
      await table.driver({ credentials: given, endpoint: recorder.endpoint }).getItem("k");
    }
    expect(recorder.exchanges.map((exchange) => exchange.securityToken)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
