// The command line: its help, its arguments, and `create-table`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { root } from "./helpers/child";
import { runCli, runDoctor } from "./helpers/cli";
import { accessDenied, useRecorder } from "./helpers/recorder";
import { rawClient, uniqueName } from "./helpers/table";

const recorder = useRecorder();
const client = rawClient();
const names: string[] = [];
afterEach(async () => {
  await Promise.allSettled(names.splice(0).map((TableName) => client.deleteTable({ TableName })));
});

describe("arguments", () => {
  it.each([[[]], [["--help"]], [["doctor", "--help"]], [["create-table", "--help"]]])(
    "[CLI-9] %j prints the help",
    async (args) => {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const word of [
        "Usage: npx unstorage-dynamodb",
        "--table NAME",
        "--index NAME",
        "--json",
      ]) {
        expect(stdout).toContain(word);
      }
      expect(stdout.includes("Checks everything")).toBe(args[0] !== "create-table");
    },
  );

  it("[CLI-9] --version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["doktor"], /doctor or create-table/],
    [["constructor"], /doctor or create-table/],
    [["doctor", "--tabel", "t"], /--tabel/],
    [["doctor", "--table"], /--table/],
    [["create-table", "cache"], /must belong to an option/],
  ])("[CLI-9] %j is a wrong command line", async (args, text) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(text);
  });

  it("[CLI-9] the guide names every option", () => {
    const guide = readFileSync(join(root, "docs", "guide", "doctor.md"), "utf8");
    const flags = readFileSync(join(root, "cli", "options.mjs"), "utf8").matchAll(
      /^ {2}"?([\w-]+)"?: \{ argument/gm,
    );
    const found = [...flags].map(([, name]) => `\`--${name}\``);
    expect(found).toHaveLength(11);
    for (const name of found) expect(guide).toContain(name);
  });

  it("[CLI-10] nothing else loads the command line, and it loads no package", () => {
    const files = readdirSync(join(root, "cli")).map((file) =>
      readFileSync(join(root, "cli", file), "utf8"),
    );
    const imports = files.flatMap((text) => [
      ...text.matchAll(/from "([^"]+)"|load\("([^"]+)"\)/g),
    ]);
    expect(imports.length).toBeGreaterThan(20);
    for (const [, module, loaded] of imports) expect(module ?? loaded).toMatch(/^(node:|\.)/);
    const others = ["js", "nitro"].flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => join(folder, file)),
    );
    for (const file of [...others, "index.js", "index.mjs"]) {
      expect(readFileSync(join(root, file), "utf8"), file).not.toContain("cli/");
    }
  });
});

describe("create-table", () => {
  const given = (...more: string[]) => {
    const name = uniqueName();
    names.push(name);
    return { name, args: ["--table", name, "--endpoint", recorder.endpoint, ...more] };
  };

  it("[CLI-11] creates the table with TTL and index, which doctor then finds in order", async () => {
    const { name, args } = given("--index", "keys", "--ttl-attribute", "expires");
    const { code, stdout } = await runCli(["create-table", ...args]);
    expect(code, stdout).toBe(0);
    expect(stdout).toContain(`✔ table            "${name}" was created`);
    const { Table } = await client.describeTable({ TableName: name });
    expect(Table?.GlobalSecondaryIndexes?.[0]?.IndexName).toBe("keys");
    const ttl = await client.describeTimeToLive({ TableName: name });
    expect(ttl.TimeToLiveDescription?.AttributeName).toBe("expires");
    const { code: found, failed } = await runDoctor(args);
    expect({ found, failed }).toEqual({ found: 0, failed: [] });
  });

  it("[CLI-11] leaves a table that fits unchanged", async () => {
    const { args } = given();
    await runCli(["create-table", ...args]);
    const { code, stdout } = await runCli(["create-table", "--json", ...args]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, warnings: [] });
    expect(report.checks[0].text).toContain("exists already");
  });

  it("[CLI-11] exits with 1 if it fails, and says why", async () => {
    recorder.spoil(({ operation }) =>
      operation === "CreateTable" ? accessDenied(operation) : undefined,
    );
    const { code, stdout } = await runCli(["create-table", ...given().args]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✘ table .*dynamodb:CreateTable/);
  });
});
