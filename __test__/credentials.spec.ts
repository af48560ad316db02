// The function in the option `credentials`: when it is called, what it may give, and how it may fail.
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

let calls = 0;
afterEach(() => {
  calls = 0;
});

/** Ids that tell which call gave them. */
const nth = (more: object = {}): object => ({ ...fixed, accessKeyId: `AKIDTEST${calls}`, ...more });

/** A driver whose requests need no engine: each access key id would have tables of its own there. */
function asking(give: () => unknown, options: Record<string, unknown> = {}): any {
  recorder.spoil(() => ({ status: 200, body: {} }));
  const credentials = (...given: unknown[]): unknown => {
    expect(given).toEqual([]);
    calls += 1;
    return give();
  };
  return table.driver({ endpoint: recorder.endpoint, ...options, credentials });
}

const ids = (): string[] => recorder.exchanges.map(({ accessKeyId }) => accessKeyId);

describe("when it is called", () => {
  it("[CRED-5] once for 1,000 parallel reads, whatever it takes", async () => {
    const driver = asking(() => sleep(100, nth()));
    await Promise.all(Array.from({ length: 1000 }, (_, n) => driver.getItem(`k${n}`)));
    expect(calls).toBe(1);
    expect(recorder.exchanges).toHaveLength(1000);
    expect(new Set(ids())).toEqual(new Set(["AKIDTEST1"]));
  });

  it("[CRED-5] not before the first request, and not for one that is refused", async () => {
    const driver = asking(() => nth());
    await failureOf(driver.setItem("", "v"));
    await driver.getItem("");
    expect(calls).toBe(0);
    await driver.getItem("k");
    expect(calls).toBe(1);
  });

  it("[CRED-5] for each driver on its own", async () => {
    await asking(() => nth()).getItem("k");
    await asking(() => nth()).getItem("k");
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
  });

  it("[CRED-6] never again without an expiration", async () => {
    const driver = asking(() => nth());
    for (let n = 0; n < 5; n += 1) await driver.getItem("k");
    expect(calls).toBe(1);
  });

  it("[CRED-6] in the background when a fifth of a short life is left", async () => {
    const driver = asking(async () => {
      if (calls > 1) await sleep(200);
      return nth({ expiration: Date.now() + 5000 });
    });
    await driver.getItem("k");
    await sleep(4050);
    // Due: this one is still signed with what there is, and does not wait for the next.
    await driver.getItem("k");
    expect(calls).toBe(2);
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST1"]);
    await sleep(300);
    await driver.getItem("k");
    expect(ids()[2]).toBe("AKIDTEST2");
  });

  it("[CRED-6] while requests wait, once they are expired", async () => {
    const driver = asking(() => nth({ expiration: Date.now() + (calls > 1 ? 60_000 : 300) }));
    await driver.getItem("k");
    await sleep(400);
    await Promise.all(Array.from({ length: 100 }, () => driver.getItem("k")));
    expect(calls).toBe(2);
    expect(new Set(ids().slice(1))).toEqual(new Set(["AKIDTEST2"]));
  });

  it.each(["ExpiredTokenException", "UnrecognizedClientException"])(
    "[CRED-8] once more when AWS answers %s, and the requests are sent again",
    async (name) => {
      const driver = asking(() => nth());
      await driver.getItem("k");
      recorder.spoil(({ accessKeyId }) =>
        accessKeyId === "AKIDTEST1" ? serviceError(name, "no") : { status: 200, body: {} },
      );
      const reads = Array.from({ length: 500 }, () => driver.getItem("k"));
      expect(await Promise.all(reads)).toEqual(Array(500).fill(null));
      expect(calls).toBe(2);
    },
  );

  it("[CRED-8] only once for a request that is refused again", async () => {
    const driver = asking(() => nth());
    recorder.spoil(() => serviceError("ExpiredTokenException", "no"));
    const error = await failureOf(driver.getItem("k"));
    expect(error).toMatchObject({
      name: "ExpiredTokenException",
      code: "ERR_DYNAMODB_CREDENTIALS",
      $metadata: { attempts: 2 },
    });
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
  });

  it("[CRED-13] not for each of 100 requests that AWS refuses", async () => {
    const driver = asking(() => nth());
    recorder.spoil(() => serviceError("ExpiredTokenException", "no"));
    for (let n = 0; n < 100; n += 1) {
      const error = await failureOf(driver.getItem("k"));
      expect(error).toMatchObject({
        code: "ERR_DYNAMODB_CREDENTIALS",
        name: "ExpiredTokenException",
      });
    }
    await Promise.all(Array.from({ length: 100 }, () => failureOf(driver.getItem("k"))));
    // Once more every 10 seconds, on a slow machine.
    expect(calls).toBeLessThan(20);
  });

  it("[CRED-13] not for each of 100 requests that it fails", async () => {
    const own = new Error("no vault today");
    const driver = asking(() => Promise.reject(own));
    for (let n = 0; n < 100; n += 1) {
      expect((await failureOf(driver.getItem("k"))).cause).toBe(own);
    }
    // After 1, 2, 4, 8, 10 … seconds, on a slow machine.
    expect(calls).toBeLessThan(20);
  });

  it("[CRED-8] slowly: the lookup is no part of an attempt's time", async () => {
    const driver = asking(() => (calls > 1 ? sleep(1500, nth()) : nth()), { attemptTimeout: 1000 });
    recorder.spoil(({ accessKeyId }) =>
      accessKeyId === "AKIDTEST1"
        ? serviceError("ExpiredTokenException", "no")
        : { status: 200, body: {} },
    );
    expect(await driver.getItem("k")).toBeNull();
    expect(ids()).toEqual(["AKIDTEST1", "AKIDTEST2"]);
  });

  it("[CRED-8] not for static credentials: they cannot get better", async () => {
    recorder.spoil(() => serviceError("ExpiredTokenException", "no"));
    const error = await failureOf(table.driver({ endpoint: recorder.endpoint }).getItem("k"));
    expect(error.$metadata.attempts).toBe(1);
  });
});

describe("what it may give", () => {
  const soon = Date.now() + 3_600_000;
  const forms: [string, () => unknown][] = [
    ["an object", () => fixed],
    ["a promise", () => Promise.resolve(fixed)],
    // oxlint-disable-next-line unicorn/no-thenable -- other promise libraries make such objects
    ["something with a then", () => ({ then: (done: any) => done(fixed) })],
    ["a Date", async () => ({ ...fixed, expiration: new Date(soon) })],
    ["an ISO text", async () => ({ ...fixed, expiration: new Date(soon).toISOString() })],
    ["epoch milliseconds", async () => ({ ...fixed, expiration: soon })],
    ["epoch seconds", async () => ({ ...fixed, expiration: Math.floor(soon / 1000) })],
    ["nulls", async () => ({ ...fixed, expiration: null, sessionToken: null })],
    ["more than is asked for", async () => ({ ...fixed, accountId: "123456789012", $source: {} })],
  ];
  it.each(forms)("[CRED-9] %s", async (_, give) => {
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
  const garbage: [string, unknown, string][] = [
    ["nothing", undefined, "no object"],
    ["null", null, "no object"],
    ["text", secret, "no object"],
    ["a function", () => secret, "no object"],
    ["an empty object", {}, "`accessKeyId`"],
    ["no secret", { accessKeyId: secret }, "`secretAccessKey`"],
    ["an empty id", { accessKeyId: "", secretAccessKey: secret }, "`accessKeyId`"],
    ["a line break", { accessKeyId: secret, secretAccessKey: `${secret}\n` }, "`secretAccessKey`"],
    [
      "a byte-order mark",
      { accessKeyId: `\uFEFF${secret}`, secretAccessKey: secret },
      "`accessKeyId`",
    ],
    ["a space", { ...fixed, sessionToken: ` ${secret}` }, "`sessionToken`"],
    ["other characters than ASCII", { ...fixed, sessionToken: `${secret}ä` }, "`sessionToken`"],
    ["a number as token", { ...fixed, sessionToken: 5 }, "`sessionToken`"],
    ["an invalid Date", { ...fixed, expiration: new Date(Number.NaN) }, "`expiration`"],
    ["a text that is no date", { ...fixed, expiration: secret }, "`expiration`"],
    ["an object as expiration", { ...fixed, expiration: {} }, "`expiration`"],
  ];
  it.each(garbage)("[CRED-9] refuses %s, and says what is missing", async (_, given, missing) => {
    const error = await failureOf(asking(async () => given).getItem("k"));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS", $metadata: { attempts: 0 } });
    expect(error.message).toContain("the function in the option `credentials`");
    expect(error.message).toContain(missing);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(secret);
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("how it may fail", () => {
  class OwnError extends Error {
    detail = { from: "the caller" };
  }
  const own = new OwnError("no vault today");
  const plain = { code: "E_VAULT" };
  const raise = (): never => {
    throw own;
  };
  const ways: [string, () => unknown, unknown][] = [
    ["rejects", () => Promise.reject(own), own],
    [
      "throws",
      () => {
        throw own;
      },
      own,
    ],
    ["rejects with an object", () => Promise.reject(plain), plain],
    [
      "has a getter that throws",
      () => Object.defineProperty({}, "accessKeyId", { get: raise, enumerable: true }),
      own,
    ],
    [
      "gives a thenable that throws",
      () => Object.defineProperty({}, ["then"].join(""), { get: raise }),
      own,
    ],
  ];
  it.each(ways)("[CRED-10] %s: that is the cause of our error", async (_, give, thrown) => {
    const error = await failureOf(asking(give).getItem("k"));
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error).toMatchObject({ name: "DynamoDbError", code: "ERR_DYNAMODB_CREDENTIALS" });
    expect(error.message).toContain("the function in the option `credentials` failed");
    expect(error.message).not.toContain("vault");
    expect(error.cause).toBe(thrown);
  });

  it("[CRED-10] rejects with text: an error of that text is the cause", async () => {
    const error = await failureOf(asking(() => Promise.reject("no vault")).getItem("k"));
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.cause.message).toBe("no vault");
  });

  it("[CRED-10] all that wait get it, and the next request asks again", async () => {
    const driver = asking(async () => {
      if (calls > 1) return nth();
      // A read that begins after the failure asks again.
      while (driver.getInstance().stats().inFlight < 100) await sleep(5);
      throw own;
    });
    const reads = Array.from({ length: 100 }, () => failureOf(driver.getItem("k")));
    for (const error of await Promise.all(reads)) expect(error.cause).toBe(own);
    expect(calls).toBe(1);
    expect(await driver.getItem("k")).toBeNull();
    expect(calls).toBe(2);
  });

  it("[CRED-6] in the background: what is still good goes on", async () => {
    const driver = asking(async () => {
      if (calls > 1) throw own;
      return nth({ expiration: Date.now() + 5000 });
    });
    await driver.getItem("k");
    await sleep(4050);
    for (let n = 0; n < 5; n += 1) expect(await driver.getItem("k")).toBeNull();
    expect(calls).toBe(2);
  });

  it("[CRED-7] never settles: the lookup is given up after 30 seconds", async () => {
    const driver = asking(() => new Promise(() => {}), { timeout: 0, attemptTimeout: 100 });
    const reads = [failureOf(driver.getItem("k")), failureOf(driver.setItem("k", "v"))];
    for (const error of await Promise.all(reads)) {
      expect(error.code).toBe("ERR_DYNAMODB_CREDENTIALS");
      expect(error.message).toContain("30 s");
    }
    expect(calls).toBe(1);
  }, 60_000);

  it("[CRED-7] [TIME-1] the wait counts in the call's time, and the lookup goes on", async () => {
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

  it("[CRED-7] is slow: the wait is no part of an attempt's time", async () => {
    const driver = asking(() => sleep(600, nth()), { attemptTimeout: 300, maxAttempts: 1 });
    expect(await driver.getItem("k")).toBeNull();
  });

  it("[DIS-2] what waits for it rejects when the driver is disposed", async () => {
    const driver = asking(() => new Promise(() => {}));
    const read = failureOf(driver.getItem("k"));
    await sleep(50);
    await driver.dispose();
    expect(await read).toMatchObject({ name: "ClosedError", code: "ERR_DYNAMODB_CLOSED" });
  });
});

describe("the async context in which it is called", () => {
  it("[CRED-15] is none, and no request's is kept", async () => {
    const script = `
      const { AsyncLocalStorage } = await import("node:async_hooks");
      const storage = new AsyncLocalStorage();
      const contexts = [];
      const credentials = async () => {
        contexts.push(storage.getStore() === undefined);
        await null;
        contexts.push(storage.getStore() === undefined);
        return ${literal(fixed)};
      };
      const options = ${literal({ table: "t-1", region: "us-east-1", endpoint: recorder.endpoint })};
      const driver = dynamoDbCacheDriver({ ...options, credentials });
      let collected = false;
      const registry = new FinalizationRegistry(() => (collected = true));
      await (async () => {
        const request = { id: 1 };
        registry.register(request, null);
        await storage.run(request, async () => {
          await driver.getItem("k");
          contexts.push(storage.getStore() === request);
        });
      })();
      for (let n = 0; n < 50 && !collected; n += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        gc();
      }
      report({ contexts, collected, other: (await storage.run({ id: 2 }, () => driver.getItem("k"))) });
    `;
    recorder.spoil(() => ({ status: 200, body: {} }));
    const { reports, stderr } = await runChild(script, { flags: ["--expose-gc"] });
    expect(stderr).toBe("");
    expect(reports).toEqual([{ contexts: [true, true, true], collected: true, other: null }]);
  });
});

describe("[CRED-11] it keeps no process alive", () => {
  const options = literal({ ...engineOptions(table.name), credentials: undefined });
  const script = (give: string, body: string): string => `
    let calls = 0;
    const credentials = () => { calls += 1; return ${give}; };
    const driver = dynamoDbCacheDriver({ ...${options}, credentials });
    ${body}
    report(calls);
  `;
  const keys = literal(fixed);

  it.each([
    ["never called", keys, "", 0],
    ["called", keys, `await driver.getItem("k");`, 1],
    ["disposed", keys, `await driver.getItem("k"); await driver.dispose();`, 1],
    [
      "asked in the background, with no answer",
      // Renewed when a fifth of its life is left, used until a tenth is: in between, a busy machine may lose time.
      `calls > 1 ? new Promise(() => {}) : { ...${keys}, expiration: Date.now() + 15_000 }`,
      `await driver.getItem("k");
       await new Promise((resolve) => setTimeout(resolve, 12_050));
       await driver.getItem("k");`,
      2,
    ],
  ])("%s", async (_, give, body, count) => {
    const result = await runChild(script(give, body));
    expect(result).toMatchObject({ code: 0, signal: null, stderr: "", reports: [count] });
    expect(result.lingeredMs).toBeLessThan(1000);
  });

  it("process.exit does not wait for it", async () => {
    const body = `void driver.getItem("k"); setTimeout(() => { report("exit"); process.exit(3); }, 200);`;
    const result = await runChild(script("new Promise(() => {})", body));
    expect(result).toMatchObject({ code: 3, signal: null, stderr: "" });
    expect(result.lingeredMs).toBeLessThan(1000);
  });
});
