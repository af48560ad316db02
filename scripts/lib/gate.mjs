// Checks, on GitHub, that a tag may be released: its commit is on main and passed CI, and users can verify where the
// packages were built.
import { outputOf } from "./process.mjs";
import { Failure } from "./steps.mjs";

/**
 * @param {string} url package.json's `repository.url`
 * @returns {string | undefined} such as `https://github.com/owner/name`
 */
export const webAddress = (url) => /^git\+(https:\/\/.+)\.git$/.exec(url)?.[1];

/** @param {string} path @param {NodeJS.ProcessEnv} env @returns {Promise<any>} GitHub's answer */
async function github(path, env) {
  const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN } = env;
  const response = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}${path}`, {
    headers: { accept: "application/vnd.github+json", authorization: `Bearer ${GITHUB_TOKEN}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) {
    throw new Failure(`GitHub answers ${response.status} for ${path || "the repository"}`);
  }
  return response.json();
}

/**
 * @param {any} manifest package.json
 * @param {string} folder the clone
 * @param {NodeJS.ProcessEnv} env of GitHub Actions
 * @returns {Promise<string[]>} the problems
 */
export async function problemsOfGate(manifest, folder, env) {
  const here = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}`;
  const named = webAddress(manifest.repository?.url ?? "");
  const commit = outputOf("git", ["rev-parse", "HEAD"], folder)?.trim();
  const isOnMain = outputOf("git", ["merge-base", "--is-ancestor", "HEAD", "origin/main"], folder);
  const runs = await github(`/commits/${commit}/check-runs?check_name=ready&filter=latest`, env);
  const results = runs.check_runs.map((/** @type {any} */ run) => run.conclusion ?? run.status);
  const { private: isPrivate } = await github("", env);
  /** @type {[isRight: unknown, problem: string][]} */
  const checks = [
    [isOnMain !== undefined, `${commit} is not on main`],
    [
      results.includes("success"),
      `\`ready\` did not pass on ${commit}: ${results.join() || "no run"}`,
    ],
    // npm rejects provenance otherwise.
    [named === here, `package.json names the repository ${named}, this is ${here}`],
    [!isPrivate, `${here} is private, and npm accepts provenance only from public repositories`],
  ];
  return checks.flatMap(([isRight, problem]) => (isRight ? [] : [problem]));
}
