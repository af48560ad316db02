// `node scripts/smoke.mjs DIR`: tests the packed tarballs as a user would install them. Installs without scripts, loads
// the addon with import and require, and makes a request to an endpoint without a listener, which the driver must
// report. Needs no set-up: it runs in images that contain only Node.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { platformTag } from "./lib/addon.mjs";
import { npm, run } from "./lib/process.mjs";
import { Failure, main } from "./lib/steps.mjs";

const story = `
  const cache = driver({ table: "some-table", region: "us-east-1", endpoint: "http://127.0.0.1:1", maxAttempts: 1,
    credentials: { accessKeyId: "id", secretAccessKey: "secret" } });
  cache.getItem("k").then(
    () => { throw new Error("somebody answered"); },
    (error) => {
      if (error.code !== "ERR_DYNAMODB_CONNECTION") throw error;
      console.log(error.message);
    },
  );
`;
const files = {
  "package.json": JSON.stringify({ name: "app", private: true }),
  "import.mjs": `import driver from "unstorage-dynamodb";${story}`,
  "require.cjs": `const driver = require("unstorage-dynamodb");${story}`,
};

await main(async () => {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) {
    throw new Failure("Usage: node scripts/smoke.mjs DIR");
  }
  const tag = platformTag();
  const packed = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
  const ours = packed.filter(
    (file) => file.includes(`-binding-${tag}-`) || !/-binding-/.test(file),
  );
  if (ours.length !== 2) {
    throw new Failure(`For ${tag} there must be two tarballs in ${directory}: [${packed}].`);
  }
  const app = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-smoke-"));
  const options = { cwd: app };
  try {
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(path.join(app, file), text);
    }
    const tarballs = ours.map((file) => path.resolve(directory, file));
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
    await run(...npm(["install", ...quiet, ...tarballs]), options);
    await run(process.execPath, ["import.mjs"], options);
    await run(process.execPath, ["require.cjs"], options);
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
  console.log(`${tag}, Node ${process.versions.node}: works`);
});
