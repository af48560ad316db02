// A rehearsal of a release: docs/RELEASING.md's steps in a clone, against a registry on loopback. The tests build on
// each other.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addonName, platformTag } from "../../scripts/lib/addon.mjs";
import { tags } from "../../scripts/lib/platforms.mjs";
import { npm } from "../../scripts/lib/process.mjs";
import { publishedIntegrity } from "../../scripts/lib/publish.mjs";
import { type Registry, startRegistry } from "../../scripts/lib/registry.mjs";
import { standIn, writeAddons } from "../../scripts/lib/stand-ins.mjs";
import { filesOf, integrityOf } from "../../scripts/lib/tarball.mjs";
import { mustRun, type Result, run } from "../package/app";
import { Clone, repository } from "./clone";

const clone = new Clone();
const { version } = JSON.parse(clone.read("package.json"));
const main = "unstorage-dynamodb";
const platforms = tags.map((tag) => `@unstorage-dynamodb/binding-${tag}`);
const folder = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-rehearsal-"));
const [addons, packages] = [join(folder, "addons"), join(folder, "packages")];
const tarballOf = (name: string, directory = packages): string =>
  join(directory, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);

/** What the registry does with the next requests. */
type Rule = (request: IncomingMessage, response: ServerResponse, name: string) => boolean;
let rule: Rule = () => false;
/** The packages that were sent to the registry, in order. */
const sent: string[] = [];

let registry: Registry;
beforeAll(async () => {
  mkdirSync(addons);
  writeAddons(addons, tags);
  registry = await startRegistry({
    intercept: (request, response) => {
      const name = decodeURIComponent(request.url!.slice(1).split("?")[0]!);
      if (request.method === "PUT") sent.push(name);
      return rule(request, response, name);
    },
  });
});
beforeEach(() => {
  rule = () => false;
  sent.length = 0;
});
afterAll(async () => {
  await registry.stop();
  clone.remove();
  rmSync(folder, { recursive: true, force: true });
});

// npm would repeat what the test made fail.
const env = () => ({ ...registry.env, npm_config_fetch_retries: "0" });
const publish = (directory = packages): Promise<Result> =>
  clone.script("release.mjs", ["publish", directory], env());
const integrity = (name: string) => publishedIntegrity(registry.url, name, version);

/** Installs the main package as a user does, into a new folder. */
async function install(name: string): Promise<Result & { app: string }> {
  const app = join(folder, name);
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), `{ "private": true }`);
  const cache = ["--cache", join(app, ".npm"), "--no-audit", "--no-fund"];
  return { app, ...(await run(...npm(["install", main, ...cache]), app, env())) };
}

/** Packs one platform's package around another addon. */
async function packWith(tag: string, addon: Buffer, directory: string): Promise<void> {
  mkdirSync(directory);
  const source = join(clone.folder, "npm", tag);
  writeFileSync(join(source, addonName(tag)), addon);
  await mustRun(...npm(["pack", "--pack-destination", directory]), source);
}

describe("packing", () => {
  it("refuses addons that were mixed up", async () => {
    const [one, other] = ["darwin-arm64", "darwin-x64"].map((tag) => join(addons, addonName(tag)));
    const swap = (): void => {
      renameSync(one!, join(folder, "swap"));
      renameSync(other!, one!);
      renameSync(join(folder, "swap"), other!);
    };
    swap();
    const result = await clone.script("pack.mjs", [packages, "--artifacts", addons]);
    swap();
    const stderr = expect.stringContaining("darwin-arm64 holds an addon for darwin-x64");
    expect(result).toMatchObject({ code: 1, stderr });
  });

  it("makes packages that agree with each other and with the tag", async () => {
    rmSync(packages, { recursive: true });
    await clone.mustScript("pack.mjs", [packages, "--artifacts", addons]);
    await clone.mustScript("release.mjs", ["check", `v${version}`, packages]);
  });

  it("makes every link of the published README absolute, at the tag", () => {
    const readme = String(filesOf(tarballOf(main)).get("README.md"));
    const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !/^https:|^#/.test(link))).toEqual([]);
    expect(links).toContain(`${repository}/blob/v${version}/docs/guide/options.md`);
  });
});

describe("publishing", () => {
  it("refuses a tarball whose addon is of another platform, and sends nothing", async () => {
    const mixed = join(folder, "mixed");
    const tag = "linux-arm64-musl";
    await packWith(tag, standIn("linux-arm64-gnu"), mixed);
    for (const name of [main, ...platforms.filter((one) => !one.endsWith(tag))]) {
      writeFileSync(tarballOf(name, mixed), readFileSync(tarballOf(name)));
    }
    const stderr = expect.stringMatching(/binding-linux-arm64-musl: .* needs libc\.so\.6/);
    expect(await publish(mixed)).toMatchObject({ code: 1, stderr });
    expect(sent).toEqual([]);
  });

  it("sends nothing in a dry run", async () => {
    await clone.mustScript("release.mjs", ["publish", packages, "--dry-run"], env());
    expect(sent).toEqual([]);
  });

  it("stops at a rejected package, before the main one", async () => {
    rule = (request, response) => {
      const isThird = request.method === "PUT" && sent.length === 3;
      if (isThird) response.writeHead(403).end(`{"error":"no"}`);
      return isThird;
    };
    expect(await publish()).toMatchObject({ code: 1 });
    expect(sent).toHaveLength(3);
    expect(await integrity(sent[0]!)).toBe(integrityOf(tarballOf(sent[0]!)));
    expect(await integrity(sent[2]!)).toBeUndefined();
    expect(await integrity(main)).toBeUndefined();
  });

  it("goes on after that, and stops when the answer to an accepted package is lost", async () => {
    rule = (request, response) => {
      if (request.method === "PUT" && sent.length === 2) {
        response.writeHead = () => response.destroy() as never;
      }
      return false;
    };
    expect(await publish()).toMatchObject({ code: 1 });
    expect(sent).toHaveLength(2);
    expect(await integrity(sent[1]!)).toBe(integrityOf(tarballOf(sent[1]!)));
  });

  it("waits with the main package until every other one is visible, so that an install in between finds nothing", async () => {
    const hidden = platforms.at(-1)!;
    const looks = { hidden: true };
    const isWaiting = new Promise<void>((resolve) => {
      rule = (request, response, name) => {
        const isHidden = looks.hidden && request.method === "GET" && name === hidden;
        if (isHidden) response.writeHead(404).end("{}");
        // The first look after the last platform package was sent.
        if (isHidden && sent.includes(hidden)) resolve();
        return isHidden;
      };
    });
    const published = publish();
    await Promise.race([isWaiting, published]);
    const early = await install("early");
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining("E404") });
    expect(sent).not.toContain(main);
    looks.hidden = false;
    const { code, stdout, stderr } = await published;
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`Not yet visible: ${hidden}@${version}`);
    expect(stdout.match(/ is published/g)).toHaveLength(4);
    expect(sent).toHaveLength(platforms.length - 4 + 1);
    expect(sent.at(-1)).toBe(main);
  });

  it("has published exactly the tested bytes", async () => {
    for (const name of [main, ...platforms]) {
      expect(await integrity(name), name).toBe(integrityOf(tarballOf(name)));
    }
  });

  it("is complete: an install gets this machine's addon, and a lock file with all of them", async () => {
    const { app, code, stderr } = await install("late");
    expect(code, stderr).toBe(0);
    const lock = JSON.parse(readFileSync(join(app, "package-lock.json"), "utf8"));
    expect(Object.keys(lock.packages)).toEqual(
      expect.arrayContaining(platforms.map((name) => `node_modules/${name}`)),
    );
    const script = `require("${main}")({ table: "some-table", region: "us-east-1", endpoint: "http://127.0.0.1:1",
      maxAttempts: 1, credentials: { accessKeyId: "id", secretAccessKey: "secret" } })
      .getItem("k").catch((error) => console.log(error.code))`;
    const stdout = "ERR_DYNAMODB_CONNECTION\n";
    expect(await run(process.execPath, ["-e", script], app)).toMatchObject({ code: 0, stdout });
  });

  it("has nothing left to do when repeated", async () => {
    const { code, stdout } = await publish();
    expect(code).toBe(0);
    expect(stdout.match(/ is published/g)).toHaveLength(platforms.length + 1);
    expect(sent).toEqual([]);
  });

  it("refuses another build of a published version, and sends nothing", async () => {
    const tag = tags.find((one) => one !== platformTag() && one.startsWith("linux"))!;
    const rebuilt = join(folder, "rebuilt");
    await packWith(tag, Buffer.concat([standIn(tag), Buffer.from("another build")]), rebuilt);
    for (const name of [main, ...platforms.filter((one) => !one.endsWith(tag))]) {
      writeFileSync(tarballOf(name, rebuilt), readFileSync(tarballOf(name)));
    }
    const stderr = expect.stringContaining(`binding-${tag}@${version} is published with other`);
    expect(await publish(rebuilt)).toMatchObject({ code: 1, stderr });
    expect(sent).toEqual([]);
  });

  it("publishes a pre-release as `next`, which an install does not choose", async () => {
    const beta = `${version}-beta.9`;
    clone.setVersion(beta);
    const directory = join(folder, "beta");
    await clone.mustScript("pack.mjs", [directory, "--artifacts", addons]);
    await clone.mustScript("release.mjs", ["check", `v${beta}`, directory]);
    await clone.mustScript("release.mjs", ["publish", directory], env());
    const view = await mustRun(...npm(["view", main, "dist-tags", "--json"]), folder, env());
    expect(JSON.parse(view.stdout)).toEqual({ latest: version, next: beta });
  });
});
