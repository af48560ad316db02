import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each file in a process of its own: an addon belongs to its process, and a test may end or crash one.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: ["__test__/helpers/global-setup.ts"],
    server: {
      deps: {
        // The package is what is tested: Node itself must load it, as it will for users, and not Vite.
        external: [/\/(index\.m?js|binding\.cjs|(js|nitro)\/[^/]+\.[cm]?js)$/],
      },
    },
    projects: [
      {
        extends: true,
        test: {
          name: "driver",
          include: ["__test__/**/*.spec.ts"],
          exclude: ["package", "release", "faults", "installs"].map((one) => `__test__/${one}/**`),
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["__test__/faults/**/*.spec.ts"],
          // Faults are what timeouts are for, and most cases wait for one.
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: ["__test__/package/**/*.spec.ts"],
          // In addition to the global set-up, which starts the engine.
          globalSetup: ["__test__/package/packed.ts"],
          // Installs packages, as a user does.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: "installs",
          include: ["__test__/installs/**/*.spec.ts"],
          globalSetup: ["__test__/installs/registry.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Packs, publishes and installs, in the order of a release.
        test: {
          name: "release",
          include: ["__test__/release/**/*.spec.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        // The bench's own arithmetic: no engine, no addon.
        test: { name: "bench", include: ["bench/__test__/**/*.spec.ts"] },
      },
    ],
  },
});
