// Broken, malicious and error responses. Each ends in a value or in an explanatory error.
import { describe, expect, it } from "vitest";
import { awsError, found, type Reply } from "../helpers/endpoint";
import { useCases } from "./helpers/case";

const { endpoint, run, read } = useCases();

describe("a broken response", () => {
  const item = { Item: { value: { S: "v".repeat(300) } } };
  const { length } = JSON.stringify(item);
  const broken: [string, Reply][] = [
    ["cut short, and closed", { body: item, sent: 100, ending: "close" }],
    ["cut short, and reset", { body: item, sent: 100, ending: "reset" }],
    ["longer than it says", { body: item, length: length - 10 }],
    ["shorter than it says, and closed", { body: item, length: length + 10, ending: "close" }],
    ["half a JSON text", { body: JSON.stringify(item).slice(0, 200) }],
    ["no JSON", { body: "CANARYbody <html>welcome</html>" }],
    ["JSON of another kind", { body: "[1, 2, 3]" }],
    ["no UTF-8", { body: Buffer.from('{"\xff\xfe":1}', "latin1") }],
    ["gzip that was not requested", { body: "x", headers: { "content-encoding": "gzip" } }],
  ];
  it.each(broken)("[case 08] %s: an error with the operation", async (_, reply) => {
    endpoint.script(() => reply);
    const [outcomes] = await run(
      `report(await settleAll([
         driver.getItem("k"), driver.getItems(["a", "b"]), driver.getKeys(), driver.hasItem("k"),
       ]));`,
      { driver: { attemptTimeout: 5000, timeout: 20_000 } },
    );
    for (const { error } of outcomes) {
      expect(error.code).toMatch(/^ERR_DYNAMODB_(RESPONSE|CONNECTION|TIMEOUT)$/);
      expect(error.message).toContain(error.operation);
      expect(error.attempts).toBeLessThanOrEqual(4);
    }
  });
});

describe("a malicious response", () => {
  const nested = (levels: number): string =>
    `${'{"L":['.repeat(levels)}{"S":"v"}${"]}".repeat(levels)}`;
  const members = Array.from({ length: 100_000 }, (_, n) => `"a${n}":{"N":"${n}"}`);
  const hostile: [string, string][] = [
    ...[100, 127, 128, 129, 100_000].map((levels): [string, string] => [
      `${levels} levels`,
      nested(levels),
    ]),
    ["100,000 attributes", `{"M":{${members.join(",")}}}`],
    ["a number of 10,000 digits", `{"N":"${"9".repeat(10_000)}"}`],
    ["a number with an exponent of 10 digits", '{"N":"1e9999999999"}'],
    ["NaN", '{"N":"NaN"}'],
    ["a number without digits", '{"N":""}'],
    ["bytes that are no base64", '{"B":"!!!"}'],
    ["a lone surrogate", '{"S":"\\ud800"}'],
    ["a broken escape", '{"S":"\\u12"}'],
    ["a name twice", '{"M":{"a":{"S":"1"},"a":{"S":"2"}}}'],
  ];
  it.each(hostile)("[case 10] %s: a value or a clear error", async (_, value) => {
    endpoint.script(() => ({ body: `{"Item":{"value":${value}}}` }));
    // Creating a large object blocks this thread, in proportion to the response.
    const [{ type, error }] = await run(
      `report(await driver.getItem("k").then((value) => ({ type: typeof value }), (error) => ({ error })));`,
      { driver: { maxAttempts: 1 }, lagMs: 5000 },
    );
    if (error) expect(error.code).toBe("ERR_DYNAMODB_RESPONSE");
    else expect(type).toMatch(/^(object|string|number|bigint)$/);
  });

  it("[case 11] names such as `__proto__` become own properties", async () => {
    const own = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "a.b"];
    const admins = own.map((name) => `${JSON.stringify(name)}:{"M":{"isAdmin":{"BOOL":true}}}`);
    endpoint.script(() => ({ body: `{"Item":{"value":{"M":{${admins.join(",")}}}}}` }));
    const reports = await run(`
      const value = await driver.getItem("k");
      report({
        own: Object.getOwnPropertyNames(value).sort(),
        prototype: Object.getPrototypeOf(value) === Object.prototype,
        admin: [typeof {}.isAdmin, typeof value.isAdmin, typeof Object.prototype.isAdmin],
      });
    `);
    const admin = Array(3).fill("undefined");
    expect(reports).toEqual([{ own: own.sort(), prototype: true, admin }]);
  });
});

describe("an error from AWS or a proxy", () => {
  const throttles = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
  ];
  const body = "<html><body>503 CANARYbody Service Unavailable</body></html>";
  const failures = [500, 502, 503, 504].flatMap((status): [string, Reply][] => [
    [`[case 02] ${status} with HTML`, { status, body, headers: { "content-type": "text/html" } }],
    [`[case 02] ${status} with nothing`, { status, body: "" }],
    [`[case 02] ${status} in AWS's words`, awsError("InternalServerError", status)],
  ]);
  it.each([
    ...throttles.map((name): [string, Reply] => [`[case 01] ${name}`, awsError(name)]),
    ...failures,
  ])("%s: sent again, and an error that names it where it persists", async (title, reply) => {
    endpoint.script((_, nth) => (nth <= 2 ? reply : found("v")));
    expect((await read()).value).toBe("v");
    expect(endpoint.seen).toHaveLength(3);
    endpoint.script(() => reply);
    const { error } = await read();
    const common = {
      httpStatusCode: reply.status,
      attempts: 4,
      retryable: true,
      operation: "getItem",
    };
    expect(error).toMatchObject(common);
    const isThrottle = title.includes("case 01");
    expect(error.code).toBe(`ERR_DYNAMODB_${isThrottle ? "THROTTLED" : "SERVICE"}`);
    if (isThrottle) expect(title).toContain(error.name);
  });
});
