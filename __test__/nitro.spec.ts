// nitro/: the entry that Nitro 3 bundles, and the Nitro module. A folder with the files that a bundler includes stands
// in for a bundle. The addon's bytes come from a module instead of Nitro's `raw:` import.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import * as entry from "../index.mjs";
import nitroModule from "../nitro/index.js";
import { addonName, platformTag } from "../scripts/lib/addon.mjs";
import { literal, root, runChild } from "./helpers/child";
import { engineOptions, useTable } from "./helpers/table";

const table = useTable();
const tag = platformTag();
const bundle = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-bundle-"));
const temporary = join(bundle, "tmp");
mkdirSync(temporary);
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

for (const file of ["driver.cjs", "errors.cjs", "loader.cjs", "table.cjs", "tracing.cjs"]) {
  cpSync(join(root, "js", file), join(bundle, "js", file));
}
cpSync(join(root, "nitro"), join(bundle, "nitro"), { recursive: true });

/** The platform package's inline.mjs as a bundler sees it. */
function inline(text: string): void {
  const file = join(bundle, "node_modules", `@unstorage-dynamodb/binding-${tag}`, "inline.mjs");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
const bytes = `import { readFileSync } from "node:fs";
export default readFileSync(${literal(join(root, addonName()))});
`;

const story = (folder: string): string => `
  const nitro = await import(${literal(pathToFileURL(join(folder, "nitro", "unwasm.mjs")).href)});
  const options = ${literal(engineOptions(table.name))};
  for (const key of ["one", "two"]) {
    const driver = nitro.default(options);
    await driver.setItem(key, "v").then(() => driver.getItem(key)).then(report, (error) => report({
      code: error.code, ours: error instanceof nitro.DynamoDbError, message: error.message,
    }));
    await driver.dispose();
  }
  report(typeof nitro.createTable);
`;

describe("the entry for Nitro 3", () => {
  it("[NIT-1] uses the package if it exists", async () => {
    const { code, reports, stderr } = await runChild(story(root));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(reports).toEqual(["v", "v", "function"]);
  });

  it("[NIT-2] [NIT-3] in a bundle, loads the inlined addon, prints one hint and leaves no file behind", async () => {
    inline(bytes);
    const { code, reports, stderr } = await runChild(story(bundle), { env: { TMPDIR: temporary } });
    expect(code).toBe(0);
    expect(reports).toEqual(["v", "v", "function"]);
    expect(stderr.match(/DynamoDbWarning: \[unstorage\] \[aws-dynamodb\] /g)).toHaveLength(1);
    expect(stderr).toContain(`traceDeps: ["unstorage-dynamodb"]`);
    expect(stderr).toContain(`modules: ["unstorage-dynamodb/nitro"]`);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("[NIT-4] without a temporary folder, the error names the alternative that needs none", async () => {
    inline(bytes);
    const env = { TMPDIR: join(bundle, "nowhere") };
    const { reports, stderr } = await runChild(story(bundle), { env });
    expect(stderr).toBe("");
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_BINDING", ours: true });
    expect(reports[0].message).toContain("does not load: ENOENT");
    expect(reports[0].message).toContain(`traceDeps: ["unstorage-dynamodb"]`);
    expect(reports[1]).toEqual(reports[0]);
  });

  it("[NIT-4] inlined bytes that are not an addon leave no file behind either", async () => {
    inline(`export default Buffer.from("no addon");\n`);
    const { reports } = await runChild(story(bundle), { env: { TMPDIR: temporary } });
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_BINDING", ours: true });
    expect(reports[0].message).toContain(`The native addon for ${tag} does not load: `);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("[NIT-4] a bundle without an addon for this platform reports that", async () => {
    rmSync(join(bundle, "node_modules"), { recursive: true, force: true });
    const { reports } = await runChild(story(bundle));
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_BINDING", ours: true });
    expect(reports[0].message).toContain(`The native addon for ${tag} is missing. `);
    expect(reports[0].message).toContain(`@unstorage-dynamodb/binding-${tag}@`);
  });

  it("has the same exports as the other entries", async () => {
    const nitro = await import(new URL("../nitro/unwasm.mjs", import.meta.url).href);
    expect(Object.keys(nitro).sort()).toEqual(Object.keys(entry).sort());
    expect(nitro.DynamoDbError).toBe(entry.DynamoDbError);
  });
});

// Nitro 2 and 3.0.0 bundle this package and their own code into one ES module, without `require` and `__filename`.
describe("a bundle without the addon", () => {
  const server = mkdtempSync(join(tmpdir(), "unstorage-dynamodb-server-"));
  afterAll(() => rmSync(server, { recursive: true, force: true }));

  /** Each module of the package as a function of the names that CommonJS provides, except for two. */
  function bundled(): string {
    const names = ["index.js", "binding.cjs", "nitro/bundled.cjs"];
    const parts = readdirSync(join(root, "js")).filter((file) => file.endsWith(".cjs"));
    const all = [...names, ...parts.map((file) => `js/${file}`)];
    const modules = all.map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      // Bundlers leave the `require` of the generated loader unchanged.
      const parameters = file === "binding.cjs" ? "module, exports" : "module, exports, require";
      return `${literal(file)}: function (${parameters}) { ${text} }`;
    });
    return `
      import { createRequire } from "node:module";
      const given = createRequire("/");
      const modules = { ${modules.join(",\n")} };
      const loaded = {};
      function load(file) {
        if (!loaded[file]) {
          const module = (loaded[file] = { exports: {} });
          modules[file](module, module.exports, (id) =>
            id.startsWith(".") ? load(new URL(id, "file:///" + file).pathname.slice(1)) : given(id),
          );
        }
        return loaded[file].exports;
      }
      // Like Nitro 2, which sets the address after all modules have been evaluated.
      const meta = { url: "file:///_entry.js" };
      const driver = load("nitro/bundled.cjs").near(() => meta.url, load("index.js"));
      meta.url = import.meta.url;
    `;
  }

  it("[NIT-6] loads the platform package next to it", async () => {
    const platform = join(server, "node_modules", `@unstorage-dynamodb/binding-${tag}`);
    mkdirSync(platform, { recursive: true });
    symlinkSync(join(root, addonName()), join(platform, addonName()));
    writeFileSync(join(platform, "package.json"), JSON.stringify({ main: addonName() }));
    writeFileSync(
      join(server, "index.mjs"),
      `${bundled()}
       export const story = async (options) => {
         const one = driver(options);
         await one.setItem("bundled", "v");
         return one.getItem("bundled");
       };`,
    );
    const body = `
      const { story } = await import(${literal(join(server, "index.mjs"))});
      report(await story(${literal(engineOptions(table.name))}).catch(({ message }) => message));
    `;
    const { code, reports } = await runChild(body);
    expect({ code, reports }).toEqual({ code: 0, reports: ["v"] });
    rmSync(platform, { recursive: true });
    const { reports: without } = await runChild(body);
    expect(without[0]).toContain(`The native addon for ${tag} is missing. `);
  });
});

describe("the Nitro module", () => {
  const packageName = "unstorage-dynamodb";

  it("[NIT-5] adds the package to the traced ones and keeps those of the user", () => {
    const users = {
      traceDeps: ["other", /^@own\//],
      externals: { inline: ["mine"], external: ["other"] },
    };
    const before = { ...users };
    nitroModule.setup({ options: users });
    expect(users.traceDeps).toEqual([...before.traceDeps, packageName]);
    expect(users.externals).toEqual({ inline: ["mine"], external: ["other", packageName] });
    expect(before).toEqual({
      traceDeps: ["other", /^@own\//],
      externals: { inline: ["mine"], external: ["other"] },
    });
    const none: Record<string, unknown> = {};
    nitroModule.setup({ options: none });
    expect(none).toEqual({ traceDeps: [packageName], externals: { external: [packageName] } });
  });

  it("[NIT-5] is exported as `unstorage-dynamodb/nitro`, for import and require", async () => {
    const name = "unstorage-dynamodb/nitro";
    expect((await import(name)).default).toBe(nitroModule);
    expect(createRequire(join(root, "index.js"))(name)).toBe(nitroModule);
  });
});
