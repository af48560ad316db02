// What is deployed to Lambda, as far as no AWS account is needed: the folder that SAM's template names, and the asset
// of the CDK. The addon of another platform is a stand-in, so the handler runs from a build for this machine.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../scripts/lib/listen.mjs";
import { npm } from "../../scripts/lib/process.mjs";
import { readJson } from "../../scripts/lib/project.mjs";
import { lambdaExample } from "../apps/runner/contracts.mjs";
import { startServer } from "../apps/runner/processes.mjs";
import { programFile } from "../apps/runner/programs.mjs";
import { programOf, Workspace } from "../apps/runner/workspace.mjs";
import { root } from "../helpers/child";
import { engineOptions, useTable } from "../helpers/table";
import { mustRun } from "../package/app";
import { registry } from "./registry";

const table = useTable();
const folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-lambda-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** npm's variables, with a cache of its own: another registry may have had the same port. */
const env = () => ({ ...registry().env, npm_config_cache: join(folder, "npm-cache") });

/** Changes a file. @param change must change it */
function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, "utf8");
  expect(change(text), file).not.toBe(text);
  writeFileSync(file, change(text));
}

const platformsIn = (asset: string): string[] =>
  readdirSync(join(asset, "node_modules", "@unstorage-dynamodb"));

/** Runs a handler from a folder without the packages that built it, and requests a forecast twice. */
async function answers(asset: string, handler: string): Promise<void> {
  const moved = join(folder, "task");
  renameSync(asset, moved);
  const { region, credentials, endpoint } = engineOptions(table.name) as Record<string, any>;
  const server = await startServer(
    // Lambda's runtime of the template.
    [
      await programFile("node22"),
      join(root, "__test__/apps/lambda-server.mjs"),
      join(moved, handler),
    ],
    {
      cwd: moved,
      path: lambdaExample.path("Oslo"),
      env: {
        UNSTORAGE_DYNAMODB_TABLE: table.name,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  try {
    const [first, second] = [await forecast(server.url), await forecast(server.url)];
    expect(first).toMatchObject({ city: "Lima", madeAt: expect.stringMatching(/^\d{4}-/) });
    expect(second).toEqual(first);
    expect(await table.keys()).toEqual(["forecast:Lima", "forecast:Oslo"]);
  } finally {
    await server.stop();
    rmSync(moved, { recursive: true, force: true });
  }
}

const forecast = async (url: string): Promise<unknown> =>
  JSON.parse((await ask(`${url}${lambdaExample.path("Lima")}`)).text);

describe("examples/lambda, by the commands of its README", () => {
  const example = join(folder, "example");
  const template = readFileSync(join(root, "examples/lambda/template.yaml"), "utf8");
  const setting = (name: string): string =>
    new RegExp(`^ {6}${name}: \\[?(.+?)\\]?$`, "m").exec(template)![1]!;

  async function build(change?: (text: string) => string): Promise<void> {
    rmSync(example, { recursive: true, force: true });
    cpSync(join(root, "examples/lambda"), example, { recursive: true });
    if (change) edit(join(example, "package.json"), change);
    await mustRun(...npm(["install"]), example, env());
    await mustRun(...npm(["run", "build"]), example, env());
  }

  it("fills the folder that the template deploys, with the addon of its architecture", async () => {
    await build();
    const asset = join(example, setting("CodeUri"));
    const [module, name] = setting("Handler").split(".");
    expect(readFileSync(join(asset, `${module}.mjs`), "utf8")).toContain(`  ${name}\n`);
    expect(platformsIn(asset)).toEqual([`binding-linux-${setting("Architectures")}-gnu`]);
    expect(setting("Runtime")).toBe("nodejs22.x");
  });

  it("answers, when built for this machine", async () => {
    await build((text) => text.replace("--cpu=arm64", `--cpu=${process.arch}`));
    await answers(join(example, "dist"), "handler.mjs");
  });
});

describe("the AWS CDK, bundling without Docker", () => {
  const workspace = new Workspace(registry().env);
  afterAll(() => workspace.remove());
  let app = "";
  beforeAll(async () => {
    app = await workspace.install("cdk");
    // The CDK installs from the lock file of the project.
    const { version } = readJson("package.json");
    const install = npm(["install", "--save-exact", `unstorage-dynamodb@${version}`]);
    await mustRun(...install, app, env());
  });

  async function synth(cpu: string): Promise<string> {
    for (const source of ["examples/lambda/handler.mjs", "__test__/apps/cdk/app.mjs"]) {
      cpSync(join(root, source), join(app, source.split("/").at(-1)!));
    }
    if (cpu !== "arm64") {
      edit(join(app, "app.mjs"), (text) =>
        text.replaceAll("arm64", cpu).replace("ARM_64", "X86_64"),
      );
    }
    rmSync(join(app, "cdk.out"), { recursive: true, force: true });
    const command = [programOf(app, "aws-cdk"), "synth", "--quiet", "--app", "node app.mjs"];
    await mustRun(process.execPath, command, app, { ...env(), CI: "true" });
    const output = join(app, "cdk.out");
    const assets = readdirSync(output).filter((name) =>
      existsSync(join(output, name, "index.mjs")),
    );
    expect(assets).toHaveLength(1);
    return join(output, assets[0]!);
  }

  it("makes an asset with the addon of the function's architecture, and the permissions", async () => {
    const asset = await synth("arm64");
    expect(platformsIn(asset)).toEqual(["binding-linux-arm64-gnu"]);
    const template = readFileSync(join(asset, "../Forecasts.template.json"), "utf8");
    const resources = Object.values<any>(JSON.parse(template).Resources);
    const lambda = resources.find(({ Type }) => Type === "AWS::Lambda::Function");
    expect(lambda.Properties).toMatchObject({ Architectures: ["arm64"], Handler: "index.handler" });
    for (const action of ["GetItem", "PutItem", "Scan", "DeleteItem"]) {
      expect(template).toContain(`"dynamodb:${action}"`);
    }
  });

  it("answers, when made for this machine", async () => {
    await answers(await synth(process.arch), "index.mjs");
  });
});
