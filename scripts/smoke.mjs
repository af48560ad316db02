// `node scripts/smoke.mjs DIR [--platform TAG] [--engine]`: tests the packed tarballs as a user would install them.
// Installs without scripts, loads the addon with import and require, reads an item over TLS, which must fail without the
// server's certificate, and ends worker threads and a process with reads in flight. Needs no set-up: it runs in images
// that contain only Node.
//
// With --platform, does so with the Node of another Linux platform. With --engine, also calls the methods on dynoxide.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { platformTag } from "./lib/addon.mjs";
import { selfSigned } from "./lib/certificate.mjs";
import { nodeOf } from "./lib/emulation.mjs";
import { startEngine } from "./lib/engine.mjs";
import { listen } from "./lib/listen.mjs";
import { attempt, npm, run } from "./lib/process.mjs";
import { inProject } from "./lib/project.mjs";
import { Failure, main } from "./lib/steps.mjs";
import { createTable } from "./lib/table.mjs";

const answer = "a value over TLS";
const identity = selfSigned();
const server = https.createServer(identity, (request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end(JSON.stringify({ Item: { key: { S: "k" }, value: { S: answer } } }));
  });
});

/** @param {string} directory @param {string} tag @returns {string[]} the main package and that of the platform */
function tarballsFor(directory, tag) {
  const packed = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
  const ours = packed.filter(
    (file) => file.includes(`-binding-${tag}-`) || !/-binding-/.test(file),
  );
  if (ours.length !== 2) {
    throw new Failure(`For ${tag} there must be two tarballs in ${directory}: [${packed}].`);
  }
  return ours.map((file) => path.resolve(directory, file));
}

/**
 * npm's options for an installation that another platform uses. npm ignores them for packages that are not optional.
 *
 * @param {string} tag
 */
function optionsFor(tag) {
  const [os, cpu, abi] = tag.split("-");
  const libc = abi === "gnu" ? "glibc" : abi;
  return ["--save-optional", `--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`];
}

/**
 * @param {string} app the folder
 * @param {[command: string, ...parameters: string[]]} node
 */
async function overTls(app, [command, ...parameters]) {
  const endpoint = (await listen(server)).replace("http:", "https:");
  const trusting = { cwd: app, env: { NODE_EXTRA_CA_CERTS: path.join(app, "cert.pem") } };
  for (const file of ["import.mjs", "require.cjs", "workers.mjs"]) {
    await run(command, [...parameters, file, endpoint, answer], trusting);
  }
  const refused = "issued by an authority that is not trusted";
  await run(command, [...parameters, "import.mjs", endpoint, refused], { cwd: app });
}

/** @type {typeof overTls} */
async function onEngine(app, [command, ...parameters]) {
  const engine = await startEngine();
  try {
    await createTable(engine.endpoint, "smoke");
    await run(command, [...parameters, "contract.mjs", engine.endpoint, "smoke"], { cwd: app });
  } finally {
    await engine.stop();
  }
}

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { platform: { type: "string" }, engine: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    throw new Failure("Usage: node scripts/smoke.mjs DIR [--platform TAG] [--engine]");
  }
  const { platform, engine } = values;
  const tag = platform ?? platformTag();
  const tarballs = tarballsFor(directory, tag);
  /** @type {[command: string, ...parameters: string[]]} */
  const node = platform ? await nodeOf(platform) : [process.execPath];
  const app = mkdtempSync(path.join(tmpdir(), "unstorage-dynamodb-smoke-"));
  try {
    cpSync(inProject("scripts", "smoke"), app, { recursive: true });
    writeFileSync(path.join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
    writeFileSync(path.join(app, "cert.pem"), identity.cert);
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
    const other = platform ? optionsFor(platform) : [];
    await run(...npm(["install", ...quiet, ...other, ...tarballs]), { cwd: app });
    await overTls(app, node);
    if (engine) {
      await onEngine(app, node);
    }
    const [command, ...parameters] = node;
    const version = [...parameters, "--print", "`${process.version} on ${process.arch}`"];
    const { stdout } = await attempt(command, version, { capture: true });
    console.log(`${tag}, Node ${stdout.trim()}: works`);
  } finally {
    server.close();
    rmSync(app, { recursive: true, force: true });
  }
});
