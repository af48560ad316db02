// Valid options and their meaning. ttl.spec.ts covers `expireIn` and `ttl`; options-refused.spec.ts invalid options.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import dynamoDbCacheDriver from "../index.mjs";
import { literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { useRecordedTable } from "./helpers/recorded";
import { engineOptions } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();

it("[OPT-1] without options, the error names the required one", async () => {
  const error = await failureOf((dynamoDbCacheDriver as any)().getItem("k"));
  expect(error.code).toBe("ERR_DYNAMODB_INVALID_OPTION");
  expect(error.message).toContain("Missing required option `table`.");
});

it.each(["a.b", "t".repeat(255), `A-z_0.9-${Date.now()}`])("[OPT-2] table %s", async (name) => {
  // The table does not exist, but the request shows that the name was accepted.
  expect(await failureOf(recorded({ table: name }).getItem("k"))).toBeInstanceOf(Error);
  expect(recorder.exchanges[0]?.request.TableName).toBe(name);
});

it("[OPT-5] attributes may swap their default names", async () => {
  const driver = table.driver({ attributes: { value: "ttl", ttl: "value" } });
  await driver.setItem("swapped", "v");
  expect(await table.getRow("swapped")).toEqual({ key: { S: "swapped" }, ttl: { S: "v" } });
});

it.each(["http://127.0.0.1:9", "https://127.0.0.1:9", "HTTP://127.0.0.1:9/"])(
  "[OPT-6] endpoint %s",
  async (endpoint) => {
    // Nothing listens on port 9. The attempt to connect shows that the option was accepted.
    const { code } = await failureOf(table.driver({ endpoint }).getItem("k"));
    expect(code).toBe("ERR_DYNAMODB_CONNECTION");
  },
);

/** Returns the optional options in the guide's table, and `client`, which is always rejected if it is set. */
function optionalNames(): string[] {
  const guide = readFileSync(new URL("../docs/guide/options.md", import.meta.url), "utf8");
  const [, rest = ""] = guide.split("| option | default |");
  const rows = rest.split("\n\n", 1)[0]!.matchAll(/^\| `(\w+)/gm);
  const names = new Set([...rows].map(([, name]) => name!)).add("client");
  return [...names].filter(
    (name) => !["table", "region", "credentials", "endpoint"].includes(name),
  );
}

describe("options in general", () => {
  it("[OPT-10] unknown options are ignored, whatever their values", async () => {
    const unknown = { base: "x", driver: "y", prefix: 5, nested: { a: [] }, call() {}, big: 5n };
    const driver = table.driver({ ...unknown, [Symbol("s")]: 1 });
    await driver.setItem("unknown", "v");
    expect(await driver.getItem("unknown")).toBe("v");
  });

  it.each([null, undefined, ""])(
    "[OPT-10] [SCAN-1] %j counts as absent for every option",
    async (nothing) => {
      const given = (names: string[]) => Object.fromEntries(names.map((name) => [name, nothing]));
      const all = optionalNames();
      for (const options of [
        ...all.map((name) => given([name])),
        given(all),
        { attributes: given(["key", "value", "ttl", "mtime"]) },
        { scan: given(["segments", "concurrency", "pageSize"]) },
        { circuitBreaker: given(["failures", "cooldown"]) },
        { nearCache: { ttl: 1, ...given(["maxBytes", "negativeTtl"]) } },
      ]) {
        const driver = table.driver(options);
        await driver.setItem("absent", "v");
        expect(await driver.getKeys("none")).toEqual([]);
      }
      // Without another source, required options are reported as missing.
      for (const name of ["table", "region", "credentials"]) {
        const body = `const driver = dynamoDbCacheDriver({ ...${literal(engineOptions("some-table"))}, ...JSON.parse(process.env.MORE) });
        report((await failure(driver.getItem("k"))).message);`;
        const env = { MORE: JSON.stringify({ [name]: nothing ?? null }) };
        expect((await runChild(body, { env })).reports[0]).toContain(name);
      }
      expect(await table.getRow("absent")).toEqual({ key: { S: "absent" }, value: { S: "v" } });
    },
  );

  it("[SCAN-1] accepts minimum, maximum and their text; unknown members of `scan` are ignored", async () => {
    for (const scan of [
      { segments: 1, concurrency: "1", pageSize: 1 },
      { segments: 1000, concurrency: 64, pageSize: 2147483647 },
      { segments: "1000", concurrency: "64", pageSize: "2147483647" },
      Object.freeze({ unknown: 1 }),
    ]) {
      expect(await table.driver({ scan }).getKeys("none")).toEqual([]);
    }
  });

  it("[OPT-31] every flag may be given as text", async () => {
    await table.driver({ batch: "false", consistentRead: "true", proxy: "false" }).getItem("k");
    await recorded({ batch: " FALSE " }).getItems(["a", "b"]);
    expect(recorder.operations()).toEqual(["GetItem", "GetItem"]);
  });

  describe("[OPT-30] a misspelt option", () => {
    /** Returns the warnings of a script that uses the table's options and `more`. */
    const warningsOf = async (more: object, script: string): Promise<string[]> => {
      const body = `
        const options = JSON.parse(process.env.OPTIONS);
        const warnings = [];
        process.on("warning", ({ name, message }) => warnings.push(name + ": " + message));
        ${script}
        await new Promise((resolve) => setTimeout(resolve, 20));
        report(warnings);
      `;
      const env = { OPTIONS: JSON.stringify({ ...engineOptions(table.name), ...more }) };
      return (await runChild(body, { env })).reports[0];
    };
    const prefix = "DynamoDbWarning: [unstorage] [aws-dynamodb]";
    const calls =
      'for (let round = 0; round < 3; round += 1) await dynamoDbCacheDriver(options).getItem("k").catch(() => {});';

    const misspelt = { ...engineOptions("").credentials, sesionToken: "CANARY" };
    it.each<[object, string, string]>([
      [{ expiresIn: 5 }, "expiresIn", "expireIn"],
      [{ regoin: "x" }, "regoin", "region"],
      [{ TTL: 5 }, "TTL", "ttl"],
      [{ maxAge: 5 }, "maxAge", "ttl"],
      [{ maxAtempts: 5 }, "maxAtempts", "maxAttempts"],
      [{ attributes: { vaule: "v" } }, "attributes.vaule", "attributes.value"],
      [{ scan: { segment: 5 } }, "scan.segment", "scan.segments"],
      [{ credentials: misspelt }, "credentials.sesionToken", "credentials.sessionToken"],
    ])("%j is reported once", async (more, given, meant) => {
      expect(await warningsOf(more, calls)).toEqual([
        `${prefix} Unknown option \`${given}\` is ignored; did you mean \`${meant}\`?`,
      ]);
    });

    it("members that frameworks add and options of other drivers are not reported", async () => {
      const others =
        "driver name mount url host port tls path prefix db options flags readOnly ignore version cluster " +
        "password bucket account label cache watch watchOptions namespace key token keyPrefix ttlAttribute";
      const more = Object.fromEntries(others.split(" ").map((name) => [name, "x"]));
      expect(await warningsOf(more, calls)).toEqual([]);
    });

    it("[TTL-11] other stores' names for `ttl` are also reported in calls", async () => {
      const names = "maxAge expires EX PX expireIn expiresIn expirationTtl Ttl";
      const script = `
        const driver = dynamoDbCacheDriver(options);
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
      `;
      const told = (operation: string, name: string): string =>
        `${prefix} \`${operation}\` ignores the option \`${name}\`; the time to live of an item is \`ttl\`, in seconds`;
      expect(await warningsOf({}, script)).toEqual([
        ...names.split(" ").map((name) => told("setItem", name)),
        told("setItems", "lifetime"),
        told("setItems", "expire"),
      ]);
    });
  });
});
