// One app, built once per contestant with a different cache driver.
const { BENCH_DRIVER, BENCH_OPTIONS = "{}", BENCH_OUTPUT } = process.env;

export default {
  compatibilityDate: "2026-11-01",
  preset: "node-server",
  output: { dir: BENCH_OUTPUT },
  // Both read region, endpoint and credentials from the environment at run time.
  storage: { cache: { driver: BENCH_DRIVER, table: "nitro", ...JSON.parse(BENCH_OPTIONS) } },
};
