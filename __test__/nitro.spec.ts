// nitro/: the entry that Nitro 3 bundles, and the Nitro module. A folder with the files that a bundler includes stands
// in for a bundle, and a module with the addon's bytes for Nitro's `raw:` import.
import fs from "node:fs";
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
const folder = fs.mkdtempSync(join(tmpdir(), "unstorage-dynamodb-bundle-"));
const bundle = join(folder, "bundle");
const temporary = join(folder, "tmp");
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Writes a file and creates its directories. */
function write(path: string, text: string): void {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, text);
}

fs.mkdirSync(temporary);
for (const file of ["driver.cjs", "errors.cjs", "loader.cjs", "table.cjs", "tracing.cjs"]) {
  fs.cpSync(join(root, "js", file), join(bundle, "js", file));
}
fs.cpSync(join(root, "nitro"), join(bundle, "nitro"), { recursive: true });

/** Writes the platform package's inline.mjs. */
const inline = (text: string): void =>
  write(join(bundle, "node_modules", `@unstorage-dynamodb/binding-${tag}`, "inline.mjs"), text);
const bytes = `import { readFileSync } from "node:fs";
export default readFileSync(${literal(join(root, addonName()))});
`;

const story = (of: string): string => `
  const nitro = await import(${literal(pathToFileURL(join(of, "nitro", "unwasm.mjs")).href)});
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

  it("[NIT-2] [NIT-3] in a bundle, loads the inlined addon, prints one hint and leaves no file", async () => {
    inline(bytes);
    const { code, reports, stderr } = await runChild(story(bundle), { env: { TMPDIR: temporary } });
    expect(code).toBe(0);
    expect(reports).toEqual(["v", "v", "function"]);
    expect(stderr.match(/DynamoDbWarning: \[unstorage\] \[aws-dynamodb\] /g)).toHaveLength(1);
    expect(stderr).toContain(`traceDeps: ["unstorage-dynamodb"]`);
    expect(stderr).toContain(`modules: ["unstorage-dynamodb/nitro"]`);
    expect(fs.readdirSync(temporary)).toEqual([]);
  });

  const traced = `traceDeps: ["unstorage-dynamodb"]`;
  const addon = `The native addon for ${tag}`;
  it.each<[string, string | undefined, string, string[]]>([
    ["a missing temporary directory", bytes, "nowhere", ["does not load: ENOENT", traced]],
    [
      "an invalid inlined addon",
      `export default Buffer.from("no addon");\n`,
      "tmp",
      [`${addon} does not load: `],
    ],
    [
      "a missing addon for this platform",
      undefined,
      "tmp",
      [`${addon} is missing. `, `@unstorage-dynamodb/binding-${tag}@`],
    ],
  ])("[NIT-4] in a bundle, %s is an error and leaves no file", async (_, text, tmp, words) => {
    if (text) inline(text);
    else fs.rmSync(join(bundle, "node_modules"), { recursive: true, force: true });
    const env = { TMPDIR: join(folder, tmp) };
    const { reports, stderr } = await runChild(story(bundle), { env });
    expect(stderr).toBe("");
    expect(reports[0]).toMatchObject({ code: "ERR_DYNAMODB_BINDING", ours: true });
    for (const part of words) expect(reports[0].message).toContain(part);
    expect(reports[1]).toEqual(reports[0]);
    expect(fs.readdirSync(temporary)).toEqual([]);
  });

  it("has the same exports as the other entries", async () => {
    const nitro = await import(new URL("../nitro/unwasm.mjs", import.meta.url).href);
    expect(Object.keys(nitro).sort()).toEqual(Object.keys(entry).sort());
    expect(nitro.DynamoDbError).toBe(entry.DynamoDbError);
  });
});

// Nitro 2 and 3.0.0 bundle this package with their own code into one ES module, without `require` and `__filename`.
describe("a bundle without the addon", () => {
  const server = join(folder, "server");

  /** Wraps each module of the package in a function, as CommonJS does, but without `__filename` and `__dirname`. */
  function bundled(): string {
    const names = ["index.js", "binding.cjs", "nitro/bundled.cjs"];
    const parts = fs.readdirSync(join(root, "js")).filter((file) => file.endsWith(".cjs"));
    const all = [...names, ...parts.map((file) => `js/${file}`)];
    const modules = all.map((file) => {
      const text = fs.readFileSync(join(root, file), "utf8");
      // Bundlers do not replace `require` in the generated loader.
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
      // Nitro 2 sets the URL only after all modules have been evaluated.
      const meta = { url: "file:///_entry.js" };
      const driver = load("nitro/bundled.cjs").near(() => meta.url, load("index.js"));
      meta.url = import.meta.url;
    `;
  }

  it("[NIT-6] loads the platform package next to it", async () => {
    const platform = join(server, "node_modules", `@unstorage-dynamodb/binding-${tag}`);
    write(join(platform, "package.json"), JSON.stringify({ main: addonName() }));
    fs.symlinkSync(join(root, addonName()), join(platform, addonName()));
    write(
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
    fs.rmSync(platform, { recursive: true });
    const { reports: without } = await runChild(body);
    expect(without[0]).toContain(`The native addon for ${tag} is missing. `);
  });
});

describe("the Nitro module", () => {
  const packageName = "unstorage-dynamodb";

  it("[NIT-5] adds the package to the traced packages and keeps the user's", () => {
    const traceDeps = ["other", /^@own\//];
    const externals = { inline: ["mine"], external: ["other"] };
    const users = { traceDeps, externals };
    nitroModule.setup({ options: users });
    const external = ["other", packageName];
    expect(users.traceDeps).toEqual(["other", /^@own\//, packageName]);
    expect(users.externals).toEqual({ inline: ["mine"], external });
    // The user's own arrays are not modified.
    expect(traceDeps).toHaveLength(2);
    expect(externals.external).toEqual(["other"]);
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
