// Which commits may be released, with GitHub's API on loopback.
import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../../scripts/lib/listen.mjs";
import { Clone, repository } from "./clone";

const clone = new Clone();
const state = { conclusion: "success" as string | null, isPrivate: false, isDown: false };
const asked: string[] = [];
const api = createServer((request, response) => {
  asked.push(`${request.headers.authorization} ${request.url}`);
  const run = { conclusion: state.conclusion, status: "in_progress" };
  const runs = { check_runs: state.conclusion === "none" ? [] : [run] };
  response.statusCode = state.isDown ? 503 : 200;
  response.end(
    JSON.stringify(request.url?.includes("check-runs") ? runs : { private: state.isPrivate }),
  );
});
const env: Record<string, string> = {
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: new URL(repository).pathname.slice(1),
  GITHUB_TOKEN: "token",
};
beforeAll(async () => {
  env.GITHUB_API_URL = await listen(api);
});
beforeEach(() => {
  Object.assign(state, { conclusion: "success", isPrivate: false, isDown: false });
  asked.length = 0;
});
afterAll(() => {
  api.close();
  clone.remove();
});

const gate = (more = {}) => clone.script("release.mjs", ["gate"], { ...env, ...more });

describe("the gate", () => {
  it("opens for a commit of main that passed `ready`", async () => {
    expect(await gate()).toMatchObject({ code: 0, stdout: "This commit may be released\n" });
    expect(asked[0]).toMatch(
      /^Bearer token \/repos\/example\/unstorage-dynamodb\/commits\/[0-9a-f]{40}\/check-runs\?check_name=ready&/,
    );
  });

  it.each([
    ["failed", { conclusion: "failure" }, /`ready` did not pass on [0-9a-f]{40}: failure/],
    ["is still running", { conclusion: null }, /`ready` did not pass on .*: in_progress/],
    ["never ran", { conclusion: "none" }, /`ready` did not pass on .*: no run/],
  ])("stays closed if `ready` %s", async (_, change, said) => {
    Object.assign(state, change);
    expect(await gate()).toMatchObject({ code: 1, stderr: expect.stringMatching(said) });
  });

  it("stays closed for a private repository", async () => {
    state.isPrivate = true;
    expect(await gate()).toMatchObject({ code: 1, stderr: expect.stringContaining("is private") });
  });

  it("stays closed for a repository that package.json does not name", async () => {
    const stderr = expect.stringContaining(`names the repository ${repository}, this is`);
    expect(await gate({ GITHUB_REPOSITORY: "someone/fork" })).toMatchObject({ code: 1, stderr });
  });

  it("stays closed if GitHub does not answer", async () => {
    state.isDown = true;
    const stderr = expect.stringContaining("GitHub answers 503");
    expect(await gate()).toMatchObject({ code: 1, stderr });
  });

  it("stays closed for a commit that is not on main", async () => {
    clone.git("commit", "--quiet", "--allow-empty", "--message", "Another one");
    expect(await gate()).toMatchObject({ code: 1, stderr: expect.stringContaining("not on main") });
  });
});
