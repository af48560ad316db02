// `node fuzz/run.mjs [TARGET…] [--seconds N]`: runs the targets of fuzz/, by default for ten minutes each, with
// cargo-fuzz and libFuzzer. Findings are stored in fuzz/artifacts. Ends with `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { inProject, root } from "../scripts/lib/project.mjs";
import { main } from "../scripts/lib/steps.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";

// An input that needs more memory or time than this is a finding.
const limits = ["-max_len=16384", "-rss_limit_mb=2048", "-timeout=25"];
// The pinned compiler is stable, and coverage instrumentation is not.
const env = { ...process.env, RUSTC_BOOTSTRAP: "1" };

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: "string", default: "600" } },
    allowPositionals: true,
  });
  await ensureTools("cargo-fuzz");
  const all = readdirSync(inProject("fuzz", "fuzz_targets")).map((name) => name.replace(".rs", ""));
  let failed = 0;
  const targets = positionals.length > 0 ? positionals : all;
  for (const target of targets) {
    // Without a sanitizer, because the core has no unsafe code and speed matters more.
    const fuzz = ["fuzz", "run", "--dev", "--sanitizer", "none", target];
    const stop = [`-max_total_time=${values.seconds}`, "-print_final_stats=1"];
    const corpus = ["corpus", "seeds"].map((folder) => inProject("fuzz", folder, target));
    mkdirSync(corpus[0] ?? "", { recursive: true });
    // libFuzzer writes new inputs to the first directory and only reads the seeds.
    const inputs = corpus.filter((folder) => existsSync(folder));
    const { status } = spawnSync("cargo", [...fuzz, ...inputs, "--", ...limits, ...stop], {
      cwd: root,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    failed += Number(status !== 0);
  }
  console.log(`\n${targets.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
