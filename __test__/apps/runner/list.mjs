// The matrix: which app, of what, run how. Versions are pinned by the folders in `__test__/apps/installs`.
import { lambdaExample, nitroExample, nuxtExample } from "./contracts.mjs";
import { versionOf } from "./programs.mjs";
import { pinned } from "./workspace.mjs";

/** @typedef {import("./programs.mjs").Program} Program */

/**
 * @typedef {object} App
 * @property {string} name what `--only` takes, in whole or in part
 * @property {"server" | "dev" | "script" | "tests" | "example"} kind
 * @property {string} install a folder of `__test__/apps/installs`
 * @property {string[]} sources folders of the repository, each over the one before
 * @property {Program} program what runs it
 * @property {Program} [builder] what builds it; default: the same
 * @property {string[][]} [build] commands; the first word is a package whose program it is, or `npm` or `bun`
 * @property {string} [output] what the build makes, and what is moved away before it runs
 * @property {string[]} start for `program`, in the moved output; where there is none, in the app's folder
 * @property {boolean} [dotenv] its variables come from `.env`; those of its process point elsewhere
 * @property {boolean} [lambda] `start` is a module with a Lambda handler
 * @property {boolean} [renamesAddon] the bundler gives the addon a name by which its size is not checked
 * @property {boolean} [packagesInOutput] the packages are installed into the output, as for a bundle that leaves them out
 * @property {import("./contracts.mjs").Contract} [contract] how it is asked; default: as the routes in `__test__/apps`
 * @property {boolean} [browser] its page is tried in a browser
 * @property {string} [screenshot] where a picture of that page goes
 * @property {boolean} [ci] part of the default run: at least one of each framework
 */

/** @param {...string} names */
const templates = (...names) => names.map((name) => `__test__/apps/${name}`);

/** @type {Pick<App, "kind" | "output" | "start" | "program">} */
const built = { kind: "server", output: ".output", start: ["server/index.mjs"], program: "node" };
/** @type {Pick<App, "kind" | "output" | "start" | "program" | "lambda">} */
const lambda = { ...built, lambda: true };
/** @type {Pick<App, "kind" | "program">} */
const dev = { kind: "dev", program: "node" };

const nitro2 = templates("server2", "nitro2");
const nitro3 = templates("server3", "nitro3-beta");
const nuxt = templates("server2", "nuxt4");

/** @param {string} install @param {boolean} ci @returns {App[]} */
function nitropackApps(install, ci) {
  const name = `nitropack ${pinned(install).nitropack}`;
  const build = [["nitropack", "build"]];
  return [
    { name, ...built, install, sources: nitro2, build, ci },
    {
      name: `${name}, aws-lambda`,
      ...lambda,
      install,
      sources: nitro2,
      build: [["nitropack", "build", "--preset", "aws-lambda"]],
      ci,
    },
    {
      name: `${name}, dev`,
      ...dev,
      install,
      sources: nitro2,
      start: ["nitropack", "dev", "--host", "127.0.0.1", "--port", "{port}"],
      ci,
    },
    {
      name: `${name}, dev, .env`,
      ...dev,
      install,
      sources: nitro2,
      start: ["nitropack", "dev", "--host", "127.0.0.1", "--port", "{port}"],
      dotenv: true,
      ci,
    },
  ];
}

/** @type {App} */
const pluginApp = {
  name: `nitropack ${pinned("nitropack-2.13").nitropack}, mounted by a plugin`,
  ...built,
  install: "nitropack-2.13",
  sources: [...nitro2, ...templates("nitro2-plugin")],
  build: [["nitropack", "build"]],
  ci: true,
};

const stable = "nitro-3.0";
const beta = "nitro-3-beta";
const betaName = `nitro ${pinned(beta).nitro}`;

/** @type {App[]} */
const nitro3Apps = [
  {
    name: `nitro ${pinned(stable).nitro}`,
    ...built,
    install: stable,
    sources: templates("server3", "nitro3.0"),
    build: [["nitro", "build"]],
  },
  {
    name: betaName,
    ...built,
    install: beta,
    sources: nitro3,
    build: [["nitro", "build"]],
    ci: true,
  },
  {
    name: `${betaName}, traceDeps`,
    ...built,
    install: beta,
    sources: [...nitro3, ...templates("nitro3-trace")],
    build: [["nitro", "build"]],
  },
  {
    name: `${betaName}, module`,
    ...built,
    install: beta,
    sources: [...nitro3, ...templates("nitro3-module")],
    build: [["nitro", "build"]],
    ci: true,
  },
  {
    name: `${betaName}, rollup`,
    ...built,
    install: beta,
    sources: nitro3,
    build: [["nitro", "build", "--builder", "rollup"]],
  },
  {
    name: `${betaName}, Vite ${pinned(beta).vite}`,
    ...built,
    install: beta,
    sources: [...nitro3, ...templates("nitro3-vite")],
    build: [["vite", "build"]],
    ci: true,
  },
  {
    name: `${betaName}, aws-lambda`,
    ...lambda,
    install: beta,
    sources: nitro3,
    build: [["nitro", "build", "--preset", "aws-lambda"]],
    ci: true,
  },
  {
    name: `${betaName}, dev`,
    ...dev,
    install: beta,
    sources: nitro3,
    start: ["nitro", "dev", "--host", "127.0.0.1", "--port", "{port}"],
    ci: true,
  },
  {
    name: `${betaName}, dev, devStorage`,
    ...dev,
    install: beta,
    sources: [...nitro3, ...templates("nitro3-dev")],
    start: ["nitro", "dev", "--host", "127.0.0.1", "--port", "{port}"],
  },
  {
    name: `${betaName}, Vite ${pinned(beta).vite}, dev`,
    ...dev,
    install: beta,
    sources: [...nitro3, ...templates("nitro3-vite")],
    start: ["vite", "dev", "--host", "127.0.0.1", "--port", "{port}"],
  },
];

const nuxtName = `nuxt ${pinned("nuxt-4").nuxt}`;

/** @type {App[]} Nuxt 4 does not build on Node 20. */
const nuxtApps = [
  {
    name: nuxtName,
    ...built,
    program: "node24",
    install: "nuxt-4",
    sources: nuxt,
    build: [["nuxt", "build"]],
    ci: true,
  },
  {
    name: `${nuxtName}, aws-lambda`,
    ...lambda,
    program: "node24",
    install: "nuxt-4",
    sources: nuxt,
    build: [["nuxt", "build", "--preset", "aws-lambda"]],
  },
  {
    name: `${nuxtName}, dev`,
    ...dev,
    program: "node24",
    install: "nuxt-4",
    sources: nuxt,
    start: ["nuxt", "dev", "--host", "127.0.0.1", "--port", "{port}", "--no-fork"],
  },
];

/** @param {Program} program @param {string} label @returns {App[]} */
function plainApps(program, label) {
  const common = {
    kind: /** @type {const} */ ("script"),
    program,
    install: "plain",
    sources: templates("plain"),
  };
  // The oldest and the one that Nuxt needs; each of the others is a download more.
  const ci = program === "node" || program === "node24";
  return [
    { name: `plain ESM, ${label}`, ...common, start: ["import.mjs"], ci },
    { name: `plain CommonJS, ${label}`, ...common, start: ["require.cjs"], ci },
    {
      name: `plain TypeScript, ${label}`,
      ...common,
      build: [["typescript", "--project", "tsconfig.json"]],
      start: ["typed.mjs"],
      ci,
    },
    // Node 22 and newer run TypeScript as it is.
    ...(program === "node"
      ? []
      : [{ name: `plain TypeScript as it is, ${label}`, ...common, start: ["typed.mts"] }]),
  ];
}

/** @param {Program} program @returns {App[]} */
function otherRuntimes(program) {
  const version = versionOf(program);
  const label = `${program === "bun" ? "Bun" : "Deno"} ${version}`;
  const preset = program === "bun" ? "bun" : "deno-server";
  const common = {
    kind: /** @type {const} */ ("script"),
    program,
    install: "plain",
    sources: templates("plain"),
  };
  return [
    { name: `plain ESM, ${label}`, ...common, start: ["import.mjs"] },
    { name: `plain CommonJS, ${label}`, ...common, start: ["require.cjs"] },
    { name: `plain TypeScript, ${label}`, ...common, start: ["typed.mts"], ci: true },
    {
      name: `nitropack ${pinned("nitropack-2.13").nitropack}, ${label}`,
      ...built,
      program,
      builder: "node",
      install: "nitropack-2.13",
      sources: nitro2,
      build: [["nitropack", "build", "--preset", preset]],
    },
    {
      name: `${betaName}, module, ${label}`,
      ...built,
      program,
      builder: "node",
      install: beta,
      sources: [...nitro3, ...templates("nitro3-module")],
      build: [["nitro", "build", "--preset", preset]],
    },
  ];
}

/** Bun's bundler takes the `.node` file along. @param {Program} program @returns {App} */
const bunBundle = (program) => ({
  name: `plain ESM, bundled by Bun ${versionOf("bun")} for ${program}`,
  kind: "script",
  program,
  builder: "node",
  install: "plain",
  sources: templates("plain"),
  build: [["bun", "build", "import.mjs", `--target=${program}`, "--outdir=dist"]],
  output: "dist",
  renamesAddon: true,
  start: ["import.js"],
  ci: true,
});

/** @type {Pick<App, "kind" | "program" | "ci">} */
const tests = { kind: "tests", program: "node", ci: true };

/** @type {App[]} */
const testRunners = [
  {
    name: `jest ${pinned("jest").jest}`,
    ...tests,
    install: "jest",
    sources: templates("jest"),
    start: ["jest"],
  },
  {
    name: `vitest ${pinned("vitest").vitest}, threads`,
    ...tests,
    install: "vitest",
    sources: templates("vitest"),
    start: ["vitest", "run", "--pool=threads"],
  },
];

/** @type {App[]} */
const pnpmApps = [
  {
    name: `pnpm ${versionOf("pnpm")}, nitropack ${pinned("pnpm").nitropack}`,
    ...built,
    install: "pnpm",
    sources: nitro2,
    build: [["nitropack", "build"]],
    ci: true,
  },
  {
    name: `pnpm ${versionOf("pnpm")}, strict, nitropack ${pinned("pnpm-strict").nitropack}`,
    ...built,
    install: "pnpm-strict",
    sources: nitro2,
    build: [["nitropack", "build"]],
    ci: true,
  },
  {
    name: `pnpm ${versionOf("pnpm")}, strict, plain ESM`,
    kind: "script",
    program: "node",
    install: "pnpm-strict",
    sources: templates("plain"),
    start: ["import.mjs"],
    ci: true,
  },
];

/** @type {App[]} */
const examples = [
  {
    name: "example: node",
    kind: "example",
    install: "plain",
    sources: ["examples/node"],
    program: "node",
    start: ["index.mjs"],
    ci: true,
  },
  {
    name: "example: nitro",
    ...built,
    install: beta,
    sources: ["examples/nitro"],
    build: [["nitro", "build"]],
    contract: nitroExample,
    ci: true,
  },
  {
    name: "example: lambda (esbuild)",
    ...lambda,
    install: "plain",
    sources: ["examples/lambda"],
    build: [["npm", "run", "bundle"]],
    output: "dist",
    packagesInOutput: true,
    start: ["handler.mjs"],
    contract: lambdaExample,
    ci: true,
  },
  {
    // Not in the default run: it needs a browser.
    name: "example: nuxt",
    ...built,
    program: "node24",
    install: "nuxt-4",
    sources: ["examples/nuxt"],
    build: [["nuxt", "build"]],
    contract: nuxtExample,
    browser: true,
  },
];

/** @type {App[]} */
export const apps = [
  ...plainApps("node", `this Node ${versionOf("node")}`),
  ...plainApps("node22", `Node ${versionOf("node22")}`),
  ...plainApps("node24", `Node ${versionOf("node24")}`),
  ...plainApps("node26", `Node ${versionOf("node26")}`),
  ...nitropackApps("nitropack-2.12", false),
  ...nitropackApps("nitropack-2.13", true),
  pluginApp,
  ...nitro3Apps,
  ...nuxtApps,
  ...pnpmApps,
  ...testRunners,
  ...otherRuntimes("bun"),
  ...otherRuntimes("deno"),
  bunBundle("node"),
  bunBundle("bun"),
  ...examples,
];
