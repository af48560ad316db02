// AWS's DynamoDB Local, fetched by Maven into .cache and run by Java. `npm test` does not need it.
import { existsSync } from "node:fs";
import path from "node:path";

import { run } from "./process.mjs";
import { cacheDirectory, inProject, readText } from "./project.mjs";
import { Failure, fillOnce } from "./steps.mjs";
import { ensureTools } from "./tools.mjs";

const folder = inProject("engine", "dynamodb-local");

function libraries() {
  const pom = readText("engine", "dynamodb-local", "pom.xml");
  const [, version] = /<dynamodb-local\.version>(.+)<\/dynamodb-local\.version>/.exec(pom) ?? [];
  if (version === undefined) {
    throw new Failure("engine/dynamodb-local/pom.xml names no version.");
  }
  return path.join(cacheDirectory, "dynamodb-local", version);
}

/** Fetches missing files: about 50 MB, once per version. */
export async function ensureDynamodbLocal() {
  await ensureTools("JDK and Maven");
  const quiet = ["--batch-mode", "--no-transfer-progress", "--quiet", "-Dstyle.color=never"];
  const pom = `--file=${path.join(folder, "pom.xml")}`;
  // On Windows, Maven is a batch file, which Node cannot start without a shell.
  const maven = process.platform === "win32" ? ["cmd.exe", "/c", "mvn"] : ["mvn"];
  await fillOnce("Fetching DynamoDB Local from Maven Central", libraries(), (partial) => {
    const goal = [`-Doutput.directory=${partial}`, "dependency:copy-dependencies"];
    const [command = "", ...parameters] = [...maven, ...quiet, pom, ...goal];
    return run(command, parameters);
  });
}

/** @param {number} port 0 selects a free one @returns {[string, string[]]} */
export function dynamodbLocalCommand(port) {
  const directory = libraries();
  if (!existsSync(directory)) {
    throw new Failure("DynamoDB Local is not there yet: `npm run test:dynamodb-local` fetches it.");
  }
  // Halves the start-up time: the process is too short-lived for the optimising compiler.
  const java = ["-XX:TieredStopAtLevel=1", `-Djava.library.path=${directory}`];
  const program = path.join(folder, "DynamoDbLocal.java");
  return ["java", [...java, "--class-path", path.join(directory, "*"), program, String(port)]];
}
