// `node scripts/smoke.mjs DIR`: tests the packed tarballs as a user would install them. Installs without scripts, loads
// the addon with import and require, and reads an item over TLS, which must fail without the server's certificate. Needs
// no set-up: it runs in images that contain only Node.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";

import { platformTag } from "./lib/addon.mjs";
import { selfSigned } from "./lib/certificate.mjs";
import { listen } from "./lib/listen.mjs";
import { npm, run } from "./lib/process.mjs";
import { Failure, main } from "./lib/steps.mjs";

const story = `
  const [endpoint, expected] = process.argv.slice(2);
  const cache = driver({ table: "some-table", region: "us-east-1", endpoint, maxAttempts: 1,
    credentials: { accessKeyId: "id", secretAccessKey: "secret" } });
  cache.getItem("k").catch((error) => error.code + ": " + error.message).then((found) => {
    console.log(found);
    if (!String(found).includes(expected)) process.exitCode = 1;
  });
`;
const files = {
  "package.json": JSON.stringify({ name: "app", private: true }),
  "import.mjs": `import driver from "unstorage-dynamodb";${story}`,
  "require.cjs": `const driver = require("unstorage-dynamodb");${story}`,
};

const answer = "a value over TLS";
const identity = selfSigned();
const server = https.createServer(identity, (request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify({ Item: { key: { S: "k" }, value: { S: answer } } }));
  });
});

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
    for (const [file, text] of Object.entries({ ...files, "cert.pem": identity.cert })) {
      writeFileSync(path.join(app, file), text);
    }
    const tarballs = ours.map((file) => path.resolve(directory, file));
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
    await run(...npm(["install", ...quiet, ...tarballs]), options);
    const endpoint = (await listen(server)).replace("http:", "https:");
    const trusting = { ...options, env: { NODE_EXTRA_CA_CERTS: path.join(app, "cert.pem") } };
    await run(process.execPath, ["import.mjs", endpoint, answer], trusting);
    await run(process.execPath, ["require.cjs", endpoint, answer], trusting);
    await run(
      process.execPath,
      ["import.mjs", endpoint, "issued by an authority that is not trusted"],
      options,
    );
  } finally {
    server.close();
    rmSync(app, { recursive: true, force: true });
  }
  console.log(`${tag}, Node ${process.versions.node}: works`);
});
