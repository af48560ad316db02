// Answers that are no answers: broken, mistyped, hostile. Each ends in a value or in an error that says so.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { type CaseResult, type Outcome, runCase } from "./helpers/case";
import { awsError, found, type Reply, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

/** Outcomes of the calls in `calls` (source text of an array), each answered as `script` says. */
async function outcomes(calls: string, options: object = {}): Promise<Outcome[]> {
  return (await result(calls, options)).reports[0];
}

async function result(calls: string, options: object = {}): Promise<CaseResult> {
  const all = { endpoint: endpoint.endpoint, attemptTimeout: 5000, timeout: 20_000, ...options };
  return runCase(`
    const driver = make(${literal(all)});
    report(await Promise.all(${calls}.map((call) => settle(call))));
  `);
}

const reads = `[driver.getItem("k"), driver.getItems(["a", "b"]), driver.getKeys(), driver.hasItem("k")]`;

describe("an answer that is broken", () => {
  const item = { Item: { value: { S: "v".repeat(300) } } };
  const length = JSON.stringify(item).length;
  const broken: [string, Reply][] = [
    ["cut short, and closed", { body: item, sent: 100, ending: "close" }],
    ["cut short, and reset", { body: item, sent: 100, ending: "reset" }],
    ["longer than it says", { body: item, length: length - 10 }],
    ["shorter than it says, and closed", { body: item, length: length + 10, ending: "close" }],
    ["half a JSON text", { body: JSON.stringify(item).slice(0, 200) }],
    ["no JSON", { body: "CANARYbody <html>welcome</html>" }],
    ["JSON of another kind", { body: "[1, 2, 3]" }],
    ["no UTF-8", { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }],
    ["gzip that was not requested", { body: "x", headers: { "content-encoding": "gzip" } }],
  ];
  it.each(broken)("[case 08] %s: an error that names the operation", async (_, reply) => {
    endpoint.script(() => reply);
    for (const { error } of await outcomes(reads)) {
      expect(error.code).toMatch(/^ERR_DYNAMODB_(RESPONSE|CONNECTION|TIMEOUT)$/);
      expect(error.message).toContain(error.operation);
      expect(error.attempts).toBeLessThanOrEqual(4);
    }
  });

  // What the driver asks for has one type. Another one is an error, or counts as nothing; never a crash.
  const mistyped = [
    { Item: "text" },
    { Item: [] },
    { Item: { value: 5 } },
    { Item: { value: { S: 5 } } },
    { Item: { value: { Q: "v" } } },
    { Item: { value: { S: "a", N: "1" } } },
    { Item: { value: { N: "NaN" } } },
    { Item: { value: { L: {} } } },
    { Item: { value: { M: [] } } },
    { Item: { value: { B: "%%%" } } },
    { Item: { value: { SS: "text" } } },
    { Item: { value: { BOOL: "yes" } } },
    { Items: {} },
    { Items: [{ key: { N: "1" } }] },
    { Items: ["text"] },
    { Items: [], LastEvaluatedKey: [] },
    { Items: [], LastEvaluatedKey: "more" },
    { Items: [], Count: "many" },
    { Responses: [] },
    { Responses: { cases: {} } },
    { Responses: { cases: [{ key: { S: "another" }, value: { S: "v" } }] } },
    { UnprocessedKeys: [] },
    { UnprocessedKeys: { other: { Keys: [] } } },
  ];
  it("[case 08] of another type: an error, or no item", async () => {
    endpoint.script(({ path }) => ({ body: mistyped[Number.parseInt(path.slice(1), 10)] }));
    const { reports } = await runCase(`
      for (let n = 0; n < ${mistyped.length}; n += 1) {
        const driver = make({ endpoint: ${literal(endpoint.endpoint)} + "/" + n, timeout: 1000 });
        report(await Promise.all(${reads}.map((call) => settle(call))));
      }
    `);
    expect(reports).toHaveLength(mistyped.length);
    for (const { error } of reports.flat()) {
      if (error) expect(error.code).toMatch(/^ERR_DYNAMODB_(?!INTERNAL)[A-Z_]+$/);
    }
    // Not everything is taken for an empty success.
    expect(reports.flat().filter(({ error }) => error).length).toBeGreaterThan(20);
  });
});

describe("an answer that is hostile", () => {
  const nested = (levels: number): string =>
    `{"Item":{"value":${'{"L":['.repeat(levels)}{"S":"v"}${"]}".repeat(levels)}}}`;
  const attributes = (count: number): string => {
    const all = Array.from({ length: count }, (_, n) => `"a${n}":{"N":"${n}"}`);
    return `{"Item":{"value":{"M":{${all.join(",")}}}}}`;
  };
  const number = (text: string): string => `{"Item":{"value":{"N":"${text}"}}}`;

  const hostile: [string, string][] = [
    ["100 levels", nested(100)],
    ["127 levels", nested(127)],
    ["128 levels", nested(128)],
    ["129 levels", nested(129)],
    ["100,000 levels", nested(100_000)],
    ["100,000 attributes", attributes(100_000)],
    ["a number of 10,000 digits", number("9".repeat(10_000))],
    ["a number with an exponent of 10 digits", number("1e9999999999")],
    ["NaN", number("NaN")],
    ["no digits at all", number("")],
    ["bytes that are no base64", '{"Item":{"value":{"B":"!!!"}}}'],
    ["a lone surrogate", '{"Item":{"value":{"S":"\\ud800"}}}'],
    ["a broken escape", '{"Item":{"value":{"S":"\\u12"}}}'],
    ["a name twice", '{"Item":{"value":{"M":{"a":{"S":"1"},"a":{"S":"2"}}}}}'],
  ];
  it.each(hostile)("[case 10] %s: a value or a clear error", async (_, body) => {
    endpoint.script(() => ({ body }));
    const calls = `[driver.getItem("k").then((value) => typeof value)]`;
    // Making a large object is this thread's work, and its size that of the answer.
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 1 });
       report(await Promise.all(${calls}.map((call) => settle(call))));`,
      { lagMs: 5000 },
    );
    const [{ value, error }] = reports[0];
    if (error) expect(error.code).toBe("ERR_DYNAMODB_RESPONSE");
    else expect(value).toMatch(/^(object|string|number|bigint)$/);
  });

  it("[case 11] names of JavaScript's own objects are own properties, and nothing else", async () => {
    const own = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "a.b"];
    const members = own.map((name) => `${JSON.stringify(name)}:{"M":{"isAdmin":{"BOOL":true}}}`);
    const text = `{"Item":{"value":{"M":{${members.join(",")}}}}}`;
    endpoint.script(() => ({ body: text }));
    const { reports } = await runCase(`
      const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
      const value = await driver.getItem("k");
      report({
        own: Object.getOwnPropertyNames(value).sort(),
        prototype: Object.getPrototypeOf(value) === Object.prototype,
        admin: [typeof {}.isAdmin, typeof value.isAdmin, typeof Object.prototype.isAdmin],
      });
    `);
    const admin = ["undefined", "undefined", "undefined"];
    expect(reports).toEqual([{ own: own.sort(), prototype: true, admin }]);
  });
});

describe("an answer of a proxy or a tired service", () => {
  const html = "<html><body>503 CANARYbody Service Unavailable</body></html>";
  const tired = [500, 502, 503, 504].flatMap((status): [string, Reply][] => [
    [`${status} with HTML`, { status, body: html, headers: { "content-type": "text/html" } }],
    [`${status} with nothing`, { status, body: "" }],
    [`${status} as AWS says it`, awsError("InternalServerError", status)],
  ]);
  it.each(tired)("[case 02] %s: sent again, then an error with its status", async (_, reply) => {
    endpoint.script(() => reply);
    const [failed] = await outcomes(`[driver.getItem("k")]`);
    expect(failed?.error).toMatchObject({ httpStatusCode: reply.status, attempts: 4 });
    expect(failed?.error).toMatchObject({ retryable: true, operation: "getItem" });
    endpoint.script((_seen, nth) => (nth <= 2 ? reply : found("v")));
    const [passed] = await outcomes(`[driver.getItem("k")]`);
    expect(passed?.value).toBe("v");
  });

  it.each(["60000", "99999999999999999999", "-1", "soon"])(
    "[case 03] x-amz-retry-after %s: the time for the request wins",
    async (after) => {
      const spoiled = awsError("ThrottlingException", 400);
      endpoint.script((_, nth) =>
        nth === 1 ? { ...spoiled, headers: { "x-amz-retry-after": after } } : found("v"),
      );
      const [{ ms, value, error }] = (await outcomes(`[driver.getItem("k")]`, {
        timeout: 2000,
      })) as [Outcome];
      expect(ms).toBeLessThan(5000);
      if (error) expect(error.code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|THROTTLED)$/);
      else expect(value).toBe("v");
    },
  );

  it("[case 46] a redirect is not followed: an error, and no second request", async () => {
    const elsewhere = `${endpoint.endpoint}/elsewhere`;
    for (const status of [301, 302, 303, 307, 308]) {
      endpoint.script(() => ({ status, body: "", headers: { location: elsewhere } }));
      const [{ error }] = (await outcomes(`[driver.getItem("k")]`)) as [Outcome];
      expect(error).toMatchObject({ httpStatusCode: status, attempts: 1 });
      expect(endpoint.seen).toHaveLength(1);
    }
  });
});

describe("a throttle", () => {
  const names = ["ProvisionedThroughputExceededException", "ThrottlingException"];
  it.each([...names, "RequestLimitExceeded"])(
    "[case 01] %s, once or twice, is no error; always, it is, and the waits are short",
    async (name) => {
      for (const times of [1, 2]) {
        endpoint.script((_, nth) => (nth <= times ? awsError(name) : found("v")));
        const [{ value }] = (await outcomes(`[driver.getItem("k")]`)) as [Outcome];
        expect(value).toBe("v");
        expect(endpoint.seen).toHaveLength(times + 1);
      }
      // Full jitter up to 50, 100 and 200 ms; the best of three, as other work delays too.
      const waits: number[][] = [];
      for (let run = 0; run < 3; run += 1) {
        endpoint.script(() => awsError(name));
        const [{ error }] = (await outcomes(`[driver.getItem("k")]`)) as [Outcome];
        expect(error).toMatchObject({ name, code: "ERR_DYNAMODB_THROTTLED", attempts: 4 });
        waits.push(endpoint.seen.slice(1).map(({ at }, nth) => at - endpoint.seen[nth]!.at));
      }
      for (const [nth, longest] of [50, 100, 200].entries()) {
        const shortest = Math.min(...waits.map((wait) => wait[nth]!));
        expect(shortest).toBeLessThan(longest + 100);
      }
    },
  );
});
