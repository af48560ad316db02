// The function in the option `credentials`: when it is called, what it may return, and how it may fail.
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { DynamoDbError } from "../index.mjs";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { credentials as fixed, engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const success = { status: 200, body: {} };

let calls = 0;
afterEach(() => {
  calls = 0;
});

/** Returns credentials whose ID contains the number of the call. */
const nth = (more: object = {}): object => ({ ...fixed, accessKeyId: `AKIDTEST${calls}`, ...more });

/** Returns a driver that uses no engine, because DynamoDB Local has separate tables for each access key ID. */
function asking(give: () => unknown, options: Record<string, unknown> = {}): any {
  recorder.spoil(() => success);
  const credentials = (...given: unknown[]): unknown => {
    expect(given).toEqual([]);
    calls += 1;
    return give();
  };
  return table.driver({ endpoint: recorder.endpoint, ...options, credentials });
}

/** Rejects requests signed with these credentials, by default all. */
function refuse(name: string, isRefused = (_id: string): boolean => true): void {
  recorder.spoil(({ accessKeyId }) =>
    isRefused(accessKeyId) ? serviceError(name, "no") : success,
  );
}
const isFirst = (id: string): boolean => id === "AKIDTEST1";

const ids = (): string[] => recorder.exchanges.map(({ accessKeyId }) => accessKeyId);

describe("calls", () => {
  it("[CRED-5] once for 1,000 parallel reads, however long it takes", async () => {
    const driver = asking(() => sleep(100, nth()));
    await Promise.all(Array.from({ length: 1000 }, (_, n) => driver.getItem(`k${n}`)));
    expect(ids()).toEqual(Array(1000).fill("AKIDTEST1"));
  });

  it("[CRED-5] once per driver, with the first valid request", async () => {
    for (const driver of [asking(() => nth()), asking(() => nth())]) {
      await failureOf(driver.setItem("", "v"));
      await driver.getItem("");
      expect(calls).toBe(recorder.exchanges.length);
      await driver.getItem("k");
    }
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
  });

  it("[CRED-6] while requests wait, after the credentials have expired", async () => {
    const driver = asking(() => nth({ expiration: Date.now() + (calls > 1 ? 60_000 : 300) }));
    await driver.getItem("k");
    await sleep(400);
    await Promise.all(Array.from({ length: 100 }, (_, n) => driver.getItem(`k${n}`)));
    expect(ids().slice(1)).toEqual(Array(100).fill("AKIDTEST2"));
  });

  const refusals = ["ExpiredTokenException", "UnrecognizedClientException"];
  it.each(refusals)("[CRED-8] again after %s", async (name) => {
    const driver = asking(() => nth());
    await driver.getItem("k");
    refuse(name, isFirst);
    const reads = Array.from({ length: 500 }, (_, n) => driver.getItem(`k${n}`));
    expect(await Promise.all(reads)).toEqual(Array(500).fill(null));
    expect(calls).toBe(2);
  });

  it("[CRED-8] [CRED-13] once for a request that is rejected twice, and not for each of many", async () => {
    const driver = asking(() => nth());
    refuse("ExpiredTokenException");
    const refused = { name: "ExpiredTokenException", code: "ERR_DYNAMODB_CREDENTIALS" };
    const error = await failureOf(driver.getItem("k"));
    expect(error).toMatchObject({ ...refused, $metadata: { attempts: 2 } });
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
    const reads = Array.from({ length: 100 }, (_, n) => failureOf(driver.getItem(`k${n}`)));
    for (const one of await Promise.all(reads)) expect(one).toMatchObject(refused);
    // On a slow machine, one more every 10 seconds.
    expect(calls).toBeLessThan(20);
  });

  it("[CRED-8] slowly: the lookup does not count towards the attempt timeout", async () => {
    const driver = asking(() => (calls > 1 ? sleep(1500, nth()) : nth()), { attemptTimeout: 1000 });
    refuse("ExpiredTokenException", isFirst);
    expect(await driver.getItem("k")).toBeNull();
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
  });

  it("[CRED-8] not for static credentials, which cannot change", async () => {
    refuse("ExpiredTokenException");
    const error = await failureOf(table.driver({ endpoint: recorder.endpoint }).getItem("k"));
    expect(error.$metadata.attempts).toBe(1);
  });
});

describe("results", () => {
  const soon = Date.now() + 3_600_000;
  const expiring = (expiration: unknown) => async () => ({ ...fixed, expiration });
  it.each<[string, () => unknown]>([
    ["an object", () => fixed],
    ["a promise", () => Promise.resolve(fixed)],
    // oxlint-disable-next-line unicorn/no-thenable -- other promise libraries make such objects
    ["something with a then", () => ({ then: (done: any) => done(fixed) })],
    ["a Date", expiring(new Date(soon))],
    ["an ISO text", expiring(new Date(soon).toISOString())],
    ["epoch milliseconds", expiring(soon)],
    ["epoch seconds", expiring(Math.floor(soon / 1000))],
    ["nulls", async () => ({ ...fixed, expiration: null, sessionToken: null })],
    ["more than is asked for", async () => ({ ...fixed, accountId: "123456789012", $source: {} })],
  ])("[CRED-6] [CRED-9] %s, which is kept", async (_, give) => {
    const driver = asking(give);
    await driver.getItem("k");
    await driver.getItem("k");
    expect(calls).toBe(1);
    expect(ids()).toEqual([fixed.accessKeyId, fixed.accessKeyId]);
  });

  it("[CRED-9] a session token is sent", async () => {
    await asking(async () => ({ ...fixed, sessionToken: "a-token" })).getItem("k");
    expect(recorder.exchanges[0]?.securityToken).toBe("a-token");
  });

  const secret = "CANARY";
  const ofKeys = (accessKeyId: string, secretAccessKey?: string) => ({
    accessKeyId,
    secretAccessKey,
  });
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "no object"],
    ["null", null, "no object"],
    ["text", secret, "no object"],
    ["a function", () => secret, "no object"],
    ["an empty object", {}, "`accessKeyId`"],
    ["no secret", ofKeys(secret), "`secretAccessKey`"],
    ["an empty id", ofKeys("", secret), "`accessKeyId`"],
    ["a line break", ofKeys(secret, `${secret}\n`), "`secretAccessKey`"],
    ["a byte-order mark", ofKeys(`\uFEFF${secret}`, secret), "`accessKeyId`"],
    ["a space", { ...fixed, sessionToken: ` ${secret}` }, "`sessionToken`"],
    ["other characters than ASCII", { ...fixed, sessionToken: `${secret}ä` }, "`sessionToken`"],
    ["a number as token", { ...fixed, sessionToken: 5 }, "`sessionToken`"],
    ["an invalid Date", { ...fixed, expiration: new Date(Number.NaN) }, "`expiration`"],
    ["a text that is no date", { ...fixed, expiration: secret }, "`expiration`"],
    ["an object as expiration", { ...fixed, expiration: {} }, "`expiration`"],
  ])("[CRED-9] not %s: the error says what is missing", async (_, given, missing) => {
    const error = await failureOf(asking(async () => given).getItem("k"));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS", $metadata: { attempts: 0 } });
    expect(error.message).toContain("the function in the option `credentials`");
    expect(error.message).toContain(missing);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(secret);
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("failures", () => {
  class OwnError extends Error {
    detail = { from: "the caller" };
  }
  const own = new OwnError("no vault today");
  const plain = { code: "E_VAULT" };
  const raise = (): never => {
    throw own;
  };
  const throwing = (name: string) => () =>
    Object.defineProperty({}, name, { get: raise, enumerable: true });
  it.each<[string, () => unknown, unknown]>([
    ["rejects", () => Promise.reject(own), own],
    ["throws", raise, own],
    ["rejects with an object", () => Promise.reject(plain), plain],
    ["has a getter that throws", throwing("accessKeyId"), own],
    ["gives a thenable that throws", throwing("then"), own],
  ])("[CRED-10] %s: that is the cause of our error", async (_, give, thrown) => {
    const error = await failureOf(asking(give).getItem("k"));
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_CREDENTIALS" });
    expect(error.message).toContain("the function in the option `credentials` failed");
    expect(error.message).not.toContain("vault");
    expect(error.cause).toBe(thrown);
  });

  it("[CRED-10] rejects with text: the cause is an error with that text", async () => {
    const error = await failureOf(asking(() => Promise.reject("no vault")).getItem("k"));
    expect(error.cause).toEqual(new Error("no vault"));
  });

  it("[CRED-10] all waiting calls fail, and the next request calls it again", async () => {
    const driver = asking(async () => {
      if (calls > 1) return nth();
      // A read that starts after the failure calls the function again.
      while (driver.getInstance().stats().inFlight < 100) await sleep(5);
      throw own;
    });
    const reads = Array.from({ length: 100 }, (_, n) => failureOf(driver.getItem(`k${n}`)));
    for (const error of await Promise.all(reads)) expect(error.cause).toBe(own);
    expect(calls).toBe(1);
    expect(await driver.getItem("k")).toBeNull();
    expect(calls).toBe(2);
  });

  it("[CRED-7] [TIME-1] the wait counts towards the call's timeout, and the lookup continues", async () => {
    let resolve: (value: unknown) => void = () => {};
    const promise = new Promise((done) => (resolve = done));
    const driver = asking(() => promise, { timeout: 200, attemptTimeout: 0 });
    const error = await failureOf(driver.getItem("k"));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", $metadata: { attempts: 0 } });
    expect(error.message).toContain("credentials");
    resolve(nth());
    await sleep(50);
    expect(await driver.getItem("k")).toBeNull();
    expect(calls).toBe(1);
  });

  it("[CRED-7] is slow: the wait does not count towards the attempt timeout", async () => {
    const driver = asking(() => sleep(600, nth()), { attemptTimeout: 300, maxAttempts: 1 });
    expect(await driver.getItem("k")).toBeNull();
  });

  it("[DIS-2] waiting calls reject when the driver is disposed", async () => {
    const driver = asking(() => new Promise(() => {}));
    const read = failureOf(driver.getItem("k"));
    await sleep(50);
    await driver.dispose();
    expect(await read).toMatchObject({ name: "ClosedError", code: "ERR_DYNAMODB_CLOSED" });
  });
});

it("[CRED-15] it is called without an async context, and no request's context is retained", async () => {
  const options = { table: "t-1", region: "us-east-1", endpoint: recorder.endpoint };
  const script = `
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const storage = new AsyncLocalStorage();
    const contexts = [];
    const credentials = async () => {
      contexts.push(storage.getStore());
      await null;
      contexts.push(storage.getStore());
      return ${literal(fixed)};
    };
    const driver = dynamoDbCacheDriver({ ...${literal(options)}, credentials });
    let collected = false;
    const registry = new FinalizationRegistry(() => (collected = true));
    await (async () => {
      const request = { id: 1 };
      registry.register(request, null);
      await storage.run(request, async () => {
        await driver.getItem("k");
        contexts.push(storage.getStore().id);
      });
    })();
    for (let n = 0; n < 50 && !collected; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      gc();
    }
    report([...contexts, collected, await storage.run({ id: 2 }, () => driver.getItem("k"))]);
  `;
  recorder.spoil(() => success);
  const { reports, stderr } = await runChild(script, { flags: ["--expose-gc"] });
  expect(stderr).toBe("");
  // JSON replaces undefined by null.
  expect(reports).toEqual([[null, null, 1, true, null]]);
});

describe("[CRED-11] it does not keep the process alive", () => {
  const keys = literal(fixed);
  it.each([
    ["never called", keys, "", 0],
    ["called", keys, `await driver.getItem("k");`, 1],
    ["disposed", keys, `await driver.getItem("k"); await driver.dispose();`, 1],
    [
      "called in the background, never settling",
      // Renewed at a fifth and used until a tenth of the lifetime, which leaves time for a busy machine.
      `calls > 1 ? new Promise(() => {}) : { ...${keys}, expiration: Date.now() + 15_000 }`,
      `await driver.getItem("k"); await sleep(12_050); await driver.getItem("k");`,
      2,
    ],
    ["asked at process.exit", "new Promise(() => {})", `void driver.getItem("k"); exit();`, 0],
  ])("%s", async (_, give, body, count) => {
    const result = await runChild(`
      import { setTimeout as sleep } from "node:timers/promises";
      let calls = 0;
      const credentials = () => { calls += 1; return ${give}; };
      const driver = dynamoDbCacheDriver({ ...${literal(engineOptions(table.name))}, credentials });
      const exit = () => setTimeout(() => process.exit(calls - 1), 200);
      ${body}
      report(calls);
    `);
    expect(result).toMatchObject({ code: 0, signal: null, stderr: "", reports: [count] });
    expect(result.lingeredMs).toBeLessThan(1200);
  });
});
