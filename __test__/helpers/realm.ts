// Loads the package as Jest does: its files run in a node:vm context, while the addon and Node's modules are those of
// the process.
import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const entry = fileURLToPath(new URL("../../index.js", import.meta.url));

export interface Realm {
  /** The package's exports. */
  exports: any;
  /** Runs code in the realm. */
  run: (code: string) => any;
}

export function loadInRealm(): Realm {
  const context = vm.createContext({ Buffer, process, URL });
  const modules = new Map<string, { exports: any }>();
  function load(path: string): any {
    const known = modules.get(path);
    if (known) return known.exports;
    const module = vm.runInContext("({ exports: {} })", context);
    modules.set(path, module);
    const source = readFileSync(path, "utf8");
    const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
    const outer = createRequire(path);
    const inner = Object.assign((name: string) => {
      if (isBuiltin(name)) return outer(name);
      const resolved = outer.resolve(name);
      return resolved.endsWith(".node") ? outer(resolved) : load(resolved);
    }, outer);
    const run = vm.runInContext(wrapped, context, { filename: path });
    run(module.exports, inner, module, path, dirname(path));
    return module.exports;
  }
  return { exports: load(entry), run: (code) => vm.runInContext(code, context) };
}
