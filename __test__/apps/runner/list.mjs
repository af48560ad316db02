// The list of apps with their frameworks and runtimes. The folders in `__test__/apps/installs` pin the versions.
import { lambdaExample, nitroExample, nuxtExample } from "./contracts.mjs";
import { versionOf } from "./programs.mjs";
import { pinned } from "./workspace.mjs";

/** @typedef {import("./programs.mjs").Program} Program */

/**
 * @typedef {object} App
 * @property {string} name matched by `--only`, in whole or in part
 * @property {"server" | "dev" | "script" | "tests" | "guide" | "example"} kind
 * @property {string} install a folder of `__test__/apps/installs`
 * @property {string[]} sources folders of the repository, each copied over the previous one
 * @property {Program} program that runs it
 * @property {Program} [builder] that builds it; default: the same
 * @property {string} [build] a command that starts with the name of a package with a program, or with `npm` or `bun`
 * @property {string} [output] the result of the build, which is moved away before it runs
 * @property {string} start the parameters of `program`, in the moved output or, without one, in the app's folder
 * @property {boolean} [dotenv] its variables come from `.env`; those of its process are wrong
 * @property {boolean} [lambda] `start` is a module with a Lambda handler
 * @property {boolean} [renamesAddon] the bundler renames the addon, so that its size is not checked
 * @property {boolean} [packagesInOutput] the packages are installed into the output, because the bundle excludes them
 * @property {import("./contracts.mjs").Contract} [contract] default: the routes in `__test__/apps`
 * @property {boolean} [browser] its page is tested in a browser
 * @property {string} [screenshot] the file for a screenshot of that page
 * @property {boolean} [ci] part of the default run: at least one of each framework
 */

/** @param {...string} names */
const templates = (...names) => names.map((name) => `__test__/apps/${name}`);

/** @type {Pick<App, "kind" | "output" | "start" | "program">} */
const built = { kind: "server", output: ".output", start: "server/index.mjs", program: "node" };

/**
 * An app that is built by a bundler.
 *
 * @type {(name: string, install: string, sources: string[], build: string, more?: Partial<App>) => App}
 */
const server = (name, install, sources, build, more) => ({
  ...built,
  name,
  install,
  sources,
  build,
  ...more,
});

/** @type {typeof server} The same with the bundler's development server. */
const dev = (name, install, sources, command, more) => ({
  kind: "dev",
  program: "node",
  name,
  install,
  sources,
  start: `${command} --host 127.0.0.1 --port {port}`,
  ...more,
});

/** A plain program. @type {(name: string, start: string, program: Program, more?: Partial<App>) => App} */
const script = (name, start, program, more) => ({
  kind: "script",
  install: "plain",
  sources: templates("plain"),
  name,
  start,
  program,
  ...more,
});

const ci = { ci: true };
const lambda = { lambda: true };
const onNode24 = { program: /** @type {const} */ ("node24") };

const nitro2 = templates("server2", "nitro2");
const nitro3 = templates("server3", "nitro3-beta");
const nuxt = templates("server2", "nuxt4");
const [withModule, withVite] = [
  templates("server3", "nitro3-beta", "nitro3-module"),
  templates("server3", "nitro3-beta", "nitro3-vite"),
];

/** @param {string} install @param {Partial<App>} [more] */
function nitropackApps(install, more) {
  const name = `nitropack ${pinned(install).nitropack}`;
  const onLambda = "nitropack build --preset aws-lambda";
  return [
    server(name, install, nitro2, "nitropack build", more),
    server(`${name}, aws-lambda`, install, nitro2, onLambda, { ...lambda, ...more }),
    dev(`${name}, dev`, install, nitro2, "nitropack dev", more),
    dev(`${name}, dev, .env`, install, nitro2, "nitropack dev", { dotenv: true, ...more }),
  ];
}

const nitropack = `nitropack ${pinned("nitropack-2.13").nitropack}`;
const stable = "nitro-3.0";
const beta = "nitro-3-beta";
const nitro = `nitro ${pinned(beta).nitro}`;
const vite = `Vite ${pinned(beta).vite}`;

const nitro3Apps = [
  server(`nitro ${pinned(stable).nitro}`, stable, templates("server3", "nitro3.0"), "nitro build"),
  server(nitro, beta, nitro3, "nitro build", ci),
  server(`${nitro}, traceDeps`, beta, [...nitro3, ...templates("nitro3-trace")], "nitro build"),
  server(`${nitro}, module`, beta, withModule, "nitro build", ci),
  server(`${nitro}, rollup`, beta, nitro3, "nitro build --builder rollup"),
  server(`${nitro}, ${vite}`, beta, withVite, "vite build", ci),
  server(`${nitro}, aws-lambda`, beta, nitro3, "nitro build --preset aws-lambda", {
    ...lambda,
    ...ci,
  }),
  dev(`${nitro}, dev`, beta, nitro3, "nitro dev", ci),
  dev(`${nitro}, dev, devStorage`, beta, [...nitro3, ...templates("nitro3-dev")], "nitro dev"),
  dev(`${nitro}, ${vite}, dev`, beta, withVite, "vite dev"),
];

const nuxt4 = `nuxt ${pinned("nuxt-4").nuxt}`;
/** Nuxt 4 cannot be built with Node 20. */
const nuxtApps = [
  server(nuxt4, "nuxt-4", nuxt, "nuxt build", { ...onNode24, ...ci }),
  server(`${nuxt4}, aws-lambda`, "nuxt-4", nuxt, "nuxt build --preset aws-lambda", {
    ...onNode24,
    ...lambda,
  }),
  dev(`${nuxt4}, dev`, "nuxt-4", nuxt, "nuxt dev --no-fork", onNode24),
];

/** @param {Program} program */
function plainApps(program) {
  const label = `${program === "node" ? "this Node" : "Node"} ${versionOf(program)}`;
  // The oldest version, and the one that Nuxt needs. Each of the others is an additional download.
  const more = { ci: program === "node" || program === "node24" };
  const compiled = { build: "typescript --project tsconfig.json", ...more };
  return [
    script(`plain ESM, ${label}`, "import.mjs", program, more),
    script(`plain CommonJS, ${label}`, "require.cjs", program, more),
    script(`plain TypeScript, ${label}`, "typed.mjs", program, compiled),
    // Node 22 and newer can run TypeScript directly.
    ...(program === "node"
      ? []
      : [script(`plain TypeScript as it is, ${label}`, "typed.mts", program)]),
  ];
}

/** @param {"bun" | "deno"} program @param {string} runtime @param {string} preset */
function otherRuntime(program, runtime, preset) {
  const label = `${runtime} ${versionOf(program)}`;
  const more = { program, builder: /** @type {const} */ ("node") };
  const [of2, of3] = [`nitropack build --preset ${preset}`, `nitro build --preset ${preset}`];
  return [
    script(`plain ESM, ${label}`, "import.mjs", program),
    script(`plain CommonJS, ${label}`, "require.cjs", program),
    script(`plain TypeScript, ${label}`, "typed.mts", program, ci),
    server(`${nitropack}, ${label}`, "nitropack-2.13", nitro2, of2, more),
    server(`${nitro}, module, ${label}`, beta, withModule, of3, more),
  ];
}

/** Bun's bundler includes the `.node` file. @param {Program} program */
const bunBundle = (program) =>
  script(`plain ESM, bundled by Bun ${versionOf("bun")} for ${program}`, "import.js", program, {
    builder: "node",
    build: `bun build import.mjs --target=${program} --outdir=dist`,
    output: "dist",
    renamesAddon: true,
    ...ci,
  });

/** @param {string} name @param {string} install @param {string} start @returns {App} */
const tests = (name, install, start) => ({
  kind: "tests",
  program: "node",
  name: `${install} ${pinned(install)[install]}${name}`,
  install,
  sources: templates(install),
  start,
  ...ci,
});

/** The tests of docs/guide/testing.md. @param {string} install @param {string} start @returns {App} */
const guide = (install, start) => ({
  ...tests(", docs/guide/testing.md", install, start),
  kind: "guide",
  sources: templates(`testing-${install}`),
});

const pnpm = `pnpm ${versionOf("pnpm")}`;
/** @param {string} install @param {string} label */
const pnpmApp = (install, label) =>
  server(
    `${label}, nitropack ${pinned(install).nitropack}`,
    install,
    nitro2,
    "nitropack build",
    ci,
  );

/** @type {App[]} */
const examples = [
  {
    name: "example: node",
    kind: "example",
    install: "plain",
    sources: ["examples/node"],
    program: "node",
    start: "index.mjs",
    ...ci,
  },
  server("example: nitro", beta, ["examples/nitro"], "nitro build", {
    contract: nitroExample,
    ...ci,
  }),
  server("example: lambda (esbuild)", "plain", ["examples/lambda"], "npm run bundle", {
    ...lambda,
    output: "dist",
    packagesInOutput: true,
    start: "handler.mjs",
    contract: lambdaExample,
    ...ci,
  }),
  // Not in the default run, because it needs a browser.
  server("example: nuxt", "nuxt-4", ["examples/nuxt"], "nuxt build", {
    ...onNode24,
    contract: nuxtExample,
    browser: true,
  }),
];

/** @type {App[]} */
export const apps = [
  ...plainApps("node"),
  ...plainApps("node22"),
  ...plainApps("node24"),
  ...plainApps("node26"),
  ...nitropackApps("nitropack-2.12"),
  ...nitropackApps("nitropack-2.13", ci),
  server(
    `${nitropack}, mounted by a plugin`,
    "nitropack-2.13",
    [...nitro2, ...templates("nitro2-plugin")],
    "nitropack build",
    ci,
  ),
  ...nitro3Apps,
  ...nuxtApps,
  pnpmApp("pnpm", pnpm),
  pnpmApp("pnpm-strict", `${pnpm}, strict`),
  script(`${pnpm}, strict, plain ESM`, "import.mjs", "node", { install: "pnpm-strict", ...ci }),
  tests("", "jest", "jest"),
  tests(", threads", "vitest", "vitest run --pool=threads"),
  guide("jest", "jest --detectOpenHandles"),
  guide("vitest", "vitest run"),
  ...otherRuntime("bun", "Bun", "bun"),
  ...otherRuntime("deno", "Deno", "deno-server"),
  bunBundle("node"),
  bunBundle("bun"),
  ...examples,
];
