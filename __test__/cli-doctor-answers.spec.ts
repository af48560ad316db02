// `npx unstorage-dynamodb doctor`: failures that the answers of the endpoint reveal.
import { afterAll, describe, expect, inject, it } from "vitest";
import { Authority } from "./helpers/certificates";
import { runDoctor } from "./helpers/cli";
import { useEndpoint } from "./helpers/endpoint";
import { useDoctorTables } from "./helpers/doctor";
import { accessDenied, type Rule, serviceError } from "./helpers/recorder";
import { uniqueName, useTable } from "./helpers/table";

const { table, recorder, indexed, given } = useDoctorTables();
const other = useTable({ hash: { name: "id", type: "N" }, range: { name: "at", type: "S" } });

describe("an endpoint with TLS", () => {
  const authority = new Authority();
  const server = useEndpoint(authority.issue(), () => inject("endpoint"));
  afterAll(() => authority.remove());
  const check = (env: Record<string, string>) => {
    server.script(() => "forward");
    return runDoctor(["--table", table.name, "--endpoint", server.endpoint], { env });
  };

  it("[CLI-4] an untrusted certificate", async () => {
    const { code, checks, failed } = await check({});
    expect({ code, failed }).toEqual({ code: 1, failed: ["tls"] });
    expect(checks.tls.text).toMatch(/not trusted.*NODE_EXTRA_CA_CERTS/);
    expect(server.requests).toBe(0);
  });

  it("[CLI-4] a trusted certificate", async () => {
    const { code, checks, failed } = await check({ NODE_EXTRA_CA_CERTS: authority.file });
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    expect(checks.tls.text).toMatch(/^TLSv1\.[23], trusted, valid until .* GMT$/);
    expect(checks.clock).toMatchObject({ state: "ok" });
  });

  it("[CLI-4] a server behind it that is not DynamoDB", async () => {
    server.script(() => ({ status: 200, body: "<html>" }));
    const args = ["--table", table.name, "--endpoint", server.endpoint];
    const env = { NODE_EXTRA_CA_CERTS: authority.file };
    const { code, checks, failed } = await runDoctor(args, { env });
    expect({ code, failed }).toEqual({ code: 1, failed: ["access"] });
    expect(checks.tls).toMatchObject({ state: "ok" });
  });
});

describe("failures that answers reveal", () => {
  /** Spoils the answer to one operation; "" is the empty request for the time. */
  const spoil = (wanted: string, reply: ReturnType<Rule>) =>
    recorder.spoil(({ operation }) => (operation === wanted ? reply : undefined));

  it.each([
    [3600, "behind"],
    [-3600, "ahead of"],
  ])("[CLI-4] a clock that is wrong by an hour: %i", async (seconds, side) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString();
    spoil("", { status: 200, headers: { date }, body: "healthy" });
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["clock"] });
    expect(checks.clock.text).toMatch(
      new RegExp(`^this machine is 3[56]\\d\\d s ${side} the endpoint$`),
    );
    expect(checks.clock.cure).toContain("NTP");
  });

  it("[CLI-4] rejected credentials", async () => {
    recorder.spoil(({ operation }) =>
      operation
        ? serviceError("UnrecognizedClientException", "The security token is invalid")
        : undefined,
    );
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["access"] });
    expect(checks.access).toMatchObject({ code: "ERR_DYNAMODB_CREDENTIALS" });
  });

  it("[CLI-4] a server that is not DynamoDB", async () => {
    recorder.spoil(() => ({ status: 200, body: "<html>" }));
    const { code, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["access"] });
  });

  it("[CLI-4] no table", async () => {
    const args = ["--table", uniqueName(), "--endpoint", recorder.endpoint];
    const { code, checks, failed } = await runDoctor(args);
    expect({ code, failed }).toEqual({ code: 1, failed: ["table"] });
    expect(checks.table.cure).toContain("npx unstorage-dynamodb create-table");
    expect(new Set(recorder.operations())).toEqual(new Set(["", "DescribeTable"]));
  });

  it.each(["CREATING", "DELETING"])("[CLI-4] a table that is %s", async (TableStatus) => {
    spoil("DescribeTable", { status: 200, body: { Table: { TableStatus } } });
    const { code, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["table"] });
  });

  it("[CLI-4] another key", async () => {
    const { code, checks, failed } = await runDoctor([
      "--table",
      other.name,
      "--endpoint",
      recorder.endpoint,
    ]);
    expect({ code, failed }).toEqual({ code: 1, failed: ["key"] });
    expect(checks.key.text).toMatch(/"id".*type Number.*sort key/);
    expect(checks.key.cure).toContain("--key-attribute");
    expect(recorder.of("PutItem")).toEqual([]);
  });

  it("[CLI-4] no TTL", async () => {
    spoil("DescribeTimeToLive", {
      status: 200,
      body: { TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" } },
    });
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["ttl"] });
    expect(checks.ttl.cure).toMatch(/enable TTL for "ttl"/);
  });

  it("[CLI-4] TTL for another attribute", async () => {
    const args = ["--table", indexed.name, "--endpoint", recorder.endpoint, "--index", "keys"];
    const { code, checks, failed } = await runDoctor(args);
    expect({ code, failed }).toEqual({ code: 1, failed: ["ttl"] });
    expect(checks.ttl.text).toMatch(/enabled for "expires", not for "ttl"/);
    expect(checks.index).toMatchObject({ state: "ok" });
    expect(checks["Scan of index"]).toMatchObject({ state: "ok", text: "allowed" });
  });

  it("[CLI-4] no index", async () => {
    const { code, checks, failed } = await runDoctor(given("--index", "absent"));
    expect({ code, failed }).toEqual({ code: 1, failed: ["index", "Scan of index"] });
    expect(checks.index.text).toBe('the table has no index "absent"');
    expect(checks.index.cure).toContain(`aws dynamodb update-table --table-name ${table.name}`);
  });

  it("[CLI-4] an index of another shape", async () => {
    const args = ["--table", indexed.name, "--endpoint", recorder.endpoint, "--index", "keys"];
    const { checks, failed } = await runDoctor([...args, "--ttl-attribute", "expires"]);
    expect(failed).toContain("index");
    expect(checks.index.text).toMatch(/does not project the attribute "expires"/);
  });

  it("[CLI-4] a read that does not see the write before it", async () => {
    recorder.spoil(({ operation, request }) =>
      operation === "GetItem" && request.ConsistentRead ? { status: 200, body: {} } : undefined,
    );
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: ["read after write"] });
    expect(checks["read after write"].cure).toContain("cache in front");
  });
});

describe("permissions", () => {
  const deny = (...denied: string[]) =>
    recorder.spoil(({ operation }) =>
      denied.includes(operation) ? accessDenied(operation) : undefined,
    );

  it.each(["GetItem", "PutItem", "Scan", "DeleteItem"])("[CLI-4] %s is denied", async (action) => {
    deny(action);
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 1, failed: [action] });
    expect(checks[action]).toMatchObject({ code: "ERR_DYNAMODB_ACCESS_DENIED" });
    expect(checks[action].text).toContain(`dynamodb:${action}`);
    expect(checks[action].cure).toContain("docs/guide/permissions.md");
    if (action === "DeleteItem") {
      expect(checks[action].cure).toContain("expire in an hour");
      for (const row of await table.rows())
        expect(row.ttl).toMatchObject({ N: expect.any(String) });
    }
    recorder.reset();
    await table.empty();
  });

  it("[CLI-4] Scan of the index is denied", async () => {
    recorder.spoil(({ request }) => (request.IndexName ? accessDenied("Scan") : undefined));
    const args = ["--table", indexed.name, "--endpoint", recorder.endpoint, "--index", "keys"];
    const { checks, failed } = await runDoctor(args);
    expect(failed).toEqual(["ttl", "Scan of index"]);
    expect(checks["Scan of index"]).toMatchObject({ code: "ERR_DYNAMODB_ACCESS_DENIED" });
  });

  it.each(["BatchGetItem", "BatchWriteItem"])(
    "[CLI-7] %s is denied: this is said, and no failure",
    async (action) => {
      deny(action);
      const { code, checks, failed, report } = await runDoctor(given());
      expect({ code, failed }).toEqual({ code: 0, failed: [] });
      expect(checks[action]).toMatchObject({ state: "skipped" });
      expect(checks[action].cure).toContain(`allow dynamodb:${action}`);
      expect(report.warnings).toEqual([expect.stringContaining(action)]);
    },
  );

  it("[CLI-7] the Describe actions are denied: this is said, and no failure", async () => {
    deny("DescribeTable", "DescribeTimeToLive");
    const { code, checks, failed } = await runDoctor(given());
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    for (const name of ["table", "key"]) {
      expect(checks[name]).toMatchObject({ state: "skipped" });
      expect(checks[name].text).toContain("dynamodb:DescribeTable");
    }
    expect(checks.ttl.text).toContain("dynamodb:DescribeTimeToLive");
  });

  it("[CLI-7] an endpoint without TTL is no failure", async () => {
    recorder.spoil(({ operation }) =>
      operation === "DescribeTimeToLive"
        ? serviceError("UnknownOperationException", "")
        : undefined,
    );
    const { code, checks } = await runDoctor(given());
    expect(code).toBe(0);
    expect(checks.ttl).toMatchObject({ state: "skipped", text: "the endpoint has no TTL" });
  });
});
