// What the registry shows of a release, and what that means for publishing.
import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../../scripts/lib/listen.mjs";
import { publishedIntegrity, waitUntilVisible } from "../../scripts/lib/publish.mjs";

const version = "1.2.3";
const packed = ["@scope/a", "@scope/b"].map((name) => ({
  tarball: `${name}.tgz`,
  integrity: `sha512-${name}`,
  manifest: { name, version },
}));

/** The answers of the registry, by package: the last one repeats. */
let answers: Record<string, [status: number, integrity?: string][]>;
const server = createServer((request, response) => {
  const list = answers[decodeURIComponent(request.url!.slice(1))]!;
  const [status, integrity] = list.length > 1 ? list.shift()! : list[0]!;
  const versions = integrity === undefined ? {} : { [version]: { dist: { integrity } } };
  response.writeHead(status).end(JSON.stringify({ versions }));
});
let registry: string;
beforeAll(async () => {
  registry = `${await listen(server)}/`;
});
beforeEach(() => {
  answers = { "@scope/a": [[200, "sha512-@scope/a"]], "@scope/b": [[200, "sha512-@scope/b"]] };
});
afterAll(() => server.close());

const look = () => waitUntilVisible(registry, packed, [0, 0]);

describe("a package", () => {
  it.each<[string, [number, string?], string | undefined]>([
    ["that does not exist", [404], undefined],
    ["without this version", [200], undefined],
    ["with this version", [200, "sha512-x"], "sha512-x"],
  ])("%s", async (_, answer, expected) => {
    answers["@scope/a"] = [answer];
    expect(await publishedIntegrity(registry, "@scope/a", version)).toBe(expected);
  });

  it("of a registry that fails is not taken for absent", async () => {
    answers["@scope/a"] = [[503]];
    await expect(publishedIntegrity(registry, "@scope/a", version)).rejects.toThrow("answers 503");
  });
});

describe("waiting", () => {
  it("ends when every package is visible", async () => {
    answers["@scope/b"]!.unshift([404], [200]);
    await look();
    expect(answers["@scope/b"]).toHaveLength(1);
  });

  it("fails if one stays invisible", async () => {
    answers["@scope/b"] = [[404]];
    await expect(look()).rejects.toThrow("does not show what was published");
  });

  it("fails if one turns out to have other contents", async () => {
    answers["@scope/b"] = [[404], [200, "sha512-other"]];
    await expect(look()).rejects.toThrow("is published with other contents (sha512-other)");
  });
});
