import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver from "../index.mjs";
import { literal, runChild } from "./helpers/child";
import { refusalOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("table", () => {
  it.each([
    ["missing", { table: undefined }],
    ["null", { table: null }],
    ["empty", { table: "" }],
  ])("[OPT-1] %s", async (_, options) => {
    const { message } = await refusalOf(recorder, options);
    expect(message).toMatch(/^\[unstorage\] \[aws-dynamodb\] Missing required option `table`\. /);
    expect(message).toContain("UNSTORAGE_DYNAMODB_TABLE");
  });

  it("[OPT-1] rejects without any options", async () => {
    await expect((dynamoDbCacheDriver as any)().getItem("k")).rejects.toMatchObject({
      code: "ERR_DYNAMODB_INVALID_OPTION",
      message: expect.stringContaining("Missing required option `table`."),
    });
  });

  it.each([
    ["two characters", "ab"],
    ["256 characters", "t".repeat(256)],
    ["a space", "my table"],
    ["a slash", "my/table"],
    ["a line break at the end", "table\n"],
    ["an ARN of another service", "arn:aws:s3:us-east-1:123456789012:table/name"],
    ["an ARN of an index", "arn:aws:dynamodb:us-east-1:123456789012:table/name/index/by-date"],
    ["letters beyond ASCII", "tabelle-ä"],
    ["a NUL", "table\0"],
    ["a number", 12345],
    ["an object", { name: "table" }],
  ])("[OPT-2] refuses %s, naming the option and what is allowed", async (_, name) => {
    const { message } = await refusalOf(recorder, { table: name });
    expect(message).toContain("`table`");
    expect(message).toMatch(/\b3\b.*\b255\b/s);
  });

  it.each([
    ["three characters", "a.b"],
    ["255 characters", "t".repeat(255)],
    ["every kind of character", `A-z_0.9-${Date.now()}`],
  ])("[OPT-2] accepts %s", async (_, name) => {
    // Such a table does not exist. Only the request to the engine matters.
    const options = { table: name, endpoint: recorder.endpoint };
    await expect(table.driver(options).getItem("k")).rejects.toBeInstanceOf(Error);
    expect(recorder.exchanges[0]?.request.TableName).toBe(name);
  });
});

describe("the default time to live", () => {
  it.each([
    ["expireIn", 90],
    ["expireIn", "90"],
    ["ttl", 90],
    ["ttl", "90"],
    ["ttl", 89.5],
    ["expireIn", "89.5"],
  ])("[OPT-3] %s: %j is stored as an expiry", async (option, value) => {
    const from = Date.now() / 1000;
    await table.driver({ [option]: value }).setItem("default", "v");
    const until = (Date.now() + 1) / 1000;
    const expiry = Number((await table.getRow("default"))?.ttl?.N);
    expect(expiry).toBeGreaterThanOrEqual(Math.ceil(from + Number(value)));
    expect(expiry).toBeLessThanOrEqual(Math.ceil(until + Number(value)));
  });

  it.each([
    ["expireIn", 0],
    ["expireIn", "0"],
    ["ttl", 0],
    ["ttl", null],
    ["expireIn", undefined],
  ])("[OPT-3] %s: %j stores none", async (option, value) => {
    await table.driver({ [option]: value }).setItem("none", "v");
    expect(await table.getRow("none")).toEqual({ key: { S: "none" }, value: { S: "v" } });
  });

  const bad = [-1, -0.001, "-1", Number.NaN, Infinity, -Infinity, "NaN", "Infinity", "soon", "1h"];
  const wrongType = [true, {}, [], [60], () => 60, Symbol("60")];
  it.each([...bad, ...wrongType].map((value) => [inspect(value), value]))(
    "[OPT-3] refuses %s",
    async (_, value) => {
      for (const option of ["expireIn", "ttl"]) {
        expect((await refusalOf(recorder, { [option]: value })).message).toContain(`\`${option}\``);
      }
    },
  );

  it.each([
    [60, 60],
    [60, "60"],
    ["60.0", 60],
    [0, "0"],
    [60, null],
  ])("[OPT-4] expireIn %j and ttl %j together are fine", async (expireIn, ttl) => {
    await table.driver({ expireIn, ttl }).setItem("both", "v");
    expect("ttl" in (await table.getRow("both"))!).toBe(expireIn !== 0);
  });

  it.each([
    [60, 61],
    [60, 0],
    [0, 60],
    ["60", 90],
  ])("[OPT-4] refuses expireIn %j with ttl %j", async (expireIn, ttl) => {
    const { message } = await refusalOf(recorder, { expireIn, ttl });
    expect(message).toContain("`expireIn`");
    expect(message).toContain("`ttl`");
  });
});

describe("attributes", () => {
  it.each([
    ["two the same", { key: "x", value: "x" }],
    ["value and ttl the same", { value: "x", ttl: "x" }],
    ["value named as key's default", { value: "key" }],
    ["ttl named as value's default", { ttl: "value" }],
    ["key named as ttl's default", { key: "ttl" }],
    ["key and ttl swapped without renaming both", { key: "ttl", value: "v" }],
    ["a number", { key: 5 }],
    ["a list", ["key", "value", "ttl"]],
  ])("[OPT-5] refuses %s", async (_, attributes) => {
    expect((await refusalOf(recorder, { attributes })).message).toContain("`attributes");
  });

  it("[OPT-5] accepts swapped defaults, because no two are equal", async () => {
    const driver = table.driver({ attributes: { value: "ttl", ttl: "value" } });
    await driver.setItem("swapped", "v");
    expect(await table.getRow("swapped")).toEqual({ key: { S: "swapped" }, ttl: { S: "v" } });
  });
});

/** The optional options in the guide's table. `client` is only known in order to be rejected. */
function optionalNames(): string[] {
  const guide = readFileSync(new URL("../docs/guide/options.md", import.meta.url), "utf8");
  const [, rest = ""] = guide.split("| option | default |");
  const rows = rest.split("\n\n", 1)[0]!.matchAll(/^\| `(\w+)/gm);
  const names = new Set([...rows].map(([, name]) => name!)).add("client");
  return [...names].filter(
    (name) => !["table", "region", "credentials", "endpoint"].includes(name),
  );
}

describe("other options", () => {
  it("[OPT-10] unknown options are ignored, whatever their values", async () => {
    const unknown = { base: "x", driver: "y", prefix: 5, nested: { a: [] }, call() {}, big: 5n };
    const driver = table.driver({ ...unknown, [Symbol("s")]: 1 });
    await driver.setItem("unknown", "v");
    expect(await driver.getItem("unknown")).toBe("v");
  });

  it.each([[null], [undefined], [""]])(
    "[OPT-10] %j counts as absent, in every option",
    async (nothing) => {
      const optional: Record<string, unknown> = {};
      for (const name of optionalNames()) {
        optional[name] = nothing;
        await table.driver({ [name]: nothing }).setItem("absent", "v");
      }
      const within = (parts: string) =>
        Object.fromEntries(parts.split(" ").map((name) => [name, nothing]));
      for (const options of [
        optional,
        { attributes: within("key value ttl mtime") },
        { scan: within("segments concurrency pageSize") },
        { circuitBreaker: within("failures cooldown") },
      ]) {
        await table.driver(options).setItem("absent", "v");
      }
      // A required option is then missing, and others are read from their alternative sources.
      for (const [name, words] of [
        ["table", /`table`/],
        ["region", /region/],
        ["credentials", /credentials/],
      ] as const) {
        const body = `const driver = dynamoDbCacheDriver({ ...${literal({ ...engineOptions("some-table") })}, ...JSON.parse(process.env.MORE) });
        report((await failure(driver.getItem("k"))).message);`;
        const env = { MORE: JSON.stringify({ [name]: nothing ?? null }) };
        expect((await runChild(body, { env })).reports[0]).toMatch(words);
      }
      expect(await table.getRow("absent")).toEqual({ key: { S: "absent" }, value: { S: "v" } });
    },
  );

  it("[OPT-31] every flag accepts text", async () => {
    await table.driver({ batch: "false", consistentRead: "true", proxy: "false" }).getItem("k");
    const driver = table.driver({ batch: " FALSE ", endpoint: recorder.endpoint });
    await driver.getItems(["a", "b"]);
    expect(recorder.operations()).toEqual(["GetItem", "GetItem"]);
    recorder.reset();
    for (const name of ["batch", "consistentRead"]) {
      for (const value of ["yes", "no", "1", "0", "on"]) {
        const { message } = await refusalOf(recorder, { [name]: value });
        expect(message).toContain(`\`${name}\` must be true or false`);
      }
    }
  });

  describe("[OPT-30] a misspelt option name", () => {
    const body = `
      const options = JSON.parse(process.env.OPTIONS);
      const warnings = [];
      process.on("warning", ({ name, message }) => warnings.push(name + ": " + message));
      const { Worker } = await import("node:worker_threads");
      for (let round = 0; round < 3; round += 1) await dynamoDbCacheDriver(options).getItem("k").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      report(warnings);
    `;
    const warningsOf = async (more: object): Promise<string[]> => {
      const options = { ...engineOptions(table.name), ...more };
      return (await runChild(body, { env: { OPTIONS: JSON.stringify(options) } })).reports[0];
    };

    it.each<[object, string, string]>([
      [{ expiresIn: 5 }, "expiresIn", "expireIn"],
      [{ regoin: "x" }, "regoin", "region"],
      [{ TTL: 5 }, "TTL", "ttl"],
      [{ maxAge: 5 }, "maxAge", "ttl"],
      [{ maxAtempts: 5 }, "maxAtempts", "maxAttempts"],
      [{ attributes: { vaule: "v" } }, "attributes.vaule", "attributes.value"],
      [{ scan: { segment: 5 } }, "scan.segment", "scan.segments"],
      [
        { credentials: { ...engineOptions("").credentials, sesionToken: "CANARY" } },
        "credentials.sesionToken",
        "credentials.sessionToken",
      ],
    ])("%j is told once", async (more, given, meant) => {
      expect(await warningsOf(more)).toEqual([
        `DynamoDbWarning: [unstorage] [aws-dynamodb] Unknown option \`${given}\` is ignored; did you mean \`${meant}\`?`,
      ]);
    });

    it("other names are not reported, such as those of frameworks and of other drivers", async () => {
      const others =
        "driver name mount url host port tls path prefix db options flags readOnly ignore version cluster " +
        "password bucket account label cache watch watchOptions namespace key token keyPrefix ttlAttribute";
      const more = Object.fromEntries(others.split(" ").map((name) => [name, "x"]));
      expect(await warningsOf(more)).toEqual([]);
    });

    it("[TTL-11] a call option that other stores use for `ttl` is reported too", async () => {
      const names = "maxAge expires EX PX expireIn expiresIn expirationTtl Ttl";
      const script = `
        const warnings = [];
        process.on("warning", ({ name, message }) => warnings.push(name + ": " + message));
        const driver = dynamoDbCacheDriver(JSON.parse(process.env.OPTIONS));
        for (const name of ${JSON.stringify(names.split(" "))}) {
          const options = { [name]: 5 };
          for (let round = 0; round < 2; round += 1) {
            await driver.setItem("k", "v", options);
            await driver.setItem("k", "v", { ...options, ttl: 60 });
          }
        }
        await driver.setItemRaw("k", "v", { maxAge: 5 });
        await driver.setItems([{ key: "k", value: "v", options: { lifetime: 5 } }]);
        await driver.setItems([{ key: "k", value: "v" }], { expire: 5 });
        await driver.setItem("k", "v", { signal: undefined, consistentRead: true, removeMeta: true, type: "text", ttl: null });
        await driver.getItem("k", { maxAge: 5 });
        await new Promise((resolve) => setTimeout(resolve, 20));
        report(warnings);
      `;
      const env = { OPTIONS: JSON.stringify(engineOptions(table.name)) };
      const { reports } = await runChild(script, { env });
      const told = (operation: string, name: string): string =>
        `DynamoDbWarning: [unstorage] [aws-dynamodb] \`${operation}\` ignores the option \`${name}\`; the time to live of an item is \`ttl\`, in seconds`;
      expect(reports[0]).toEqual([
        ...names.split(" ").map((name) => told("setItem", name)),
        told("setItems", "lifetime"),
        told("setItems", "expire"),
      ]);
    });
  });

  it.each([[{}], [{ send() {} }], ["client"]])(
    "[OPT-11] a client (%j) is refused",
    async (client) => {
      const { message } = await refusalOf(recorder, { client });
      expect(message).toContain("`client`");
      for (const instead of ["`region`", "`credentials`", "`endpoint`"]) {
        expect(message).toContain(instead);
      }
    },
  );
});
