// One app, built once for each contestant: only the driver of its cache differs.
const { BENCH_DRIVER, BENCH_OUTPUT } = process.env;

export default {
  compatibilityDate: "2026-11-01",
  preset: "node-server",
  output: { dir: BENCH_OUTPUT },
  // Region, endpoint and credentials come from the environment, at run time, for both.
  storage: { cache: { driver: BENCH_DRIVER, table: "nitro" } },
};
