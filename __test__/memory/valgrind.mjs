// `node __test__/memory/valgrind.mjs`: runs every request of the core with a scripted client under valgrind's memcheck,
// which finds invalid accesses, uninitialised reads and leaks.
import { spawnSync } from "node:child_process";

import { hostTarget } from "../../scripts/lib/cargo.mjs";
import { run } from "../../scripts/lib/process.mjs";
import { root } from "../../scripts/lib/project.mjs";
import { Failure, main } from "../../scripts/lib/steps.mjs";
import { ensureTools } from "../../scripts/lib/tools.mjs";

const filter = "requests::";
const memcheck = ["--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"];

await main(async () => {
  await ensureTools("valgrind");
  // The same target as other builds, so that compiled dependencies are reused.
  const shared = ["--target", hostTarget()];
  const build = ["test", "--no-default-features", ...shared, "--no-run", "--message-format=json"];
  const { status, stdout } = spawnSync("cargo", [...build, "--test", "core"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Failure("the tests could not be built");
  const program = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ executable, target }) => executable && target.name === "core")?.executable;
  await run("valgrind", [...memcheck, program, "--test-threads=1", filter]);
});
