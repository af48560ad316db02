// AWS's DynamoDB Local: fetched by Maven into .cache, run by Java. Nothing here is needed for `npm test`.
import { existsSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

import { outputOf, run } from "./process.mjs";
import { cacheDirectory, inProject, readText } from "./project.mjs";
import { Failure, step } from "./steps.mjs";

const folder = inProject("engine", "dynamodb-local");
const minimumJava = 17;

function version() {
  const pom = readText("engine", "dynamodb-local", "pom.xml");
  const [, found] = /<dynamodb-local\.version>(.+)<\/dynamodb-local\.version>/.exec(pom) ?? [];
  if (found === undefined) {
    throw new Failure("engine/dynamodb-local/pom.xml names no version.");
  }
  return found;
}

const libraries = () => path.join(cacheDirectory, "dynamodb-local", version());

function checkJava() {
  // javac, not java: the launcher is started from source, which takes a JDK. It prints `javac 17.0.15`.
  const major = Number(/^javac (?:1\.)?(\d+)/.exec(outputOf("javac", ["-version"]) ?? "")?.[1]);
  if (!(major >= minimumJava)) {
    const found = Number.isNaN(major) ? "none was found" : `this is ${major}`;
    throw new Failure(`DynamoDB Local needs a JDK, version ${minimumJava} or newer: ${found}.`);
  }
}

// Maven is a batch file on Windows, which Node does not start without a shell.
const maven = (/** @type {string[]} */ parameters) =>
  /** @type {[string, string[]]} */ (
    process.platform === "win32" ? ["cmd.exe", ["/c", "mvn", ...parameters]] : ["mvn", parameters]
  );

/** Fetches what is not there yet: some 50 MB, once per version. */
export async function ensureDynamodbLocal() {
  checkJava();
  const directory = libraries();
  if (existsSync(directory)) {
    return;
  }
  if (outputOf(...maven(["--version"])) === undefined) {
    throw new Failure(
      "DynamoDB Local is fetched by Maven (`mvn`), and none was found: install it and run this again.",
    );
  }
  // Renamed when complete: an interrupted download must not pass for a whole one.
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await step(`Fetching DynamoDB Local ${version()} from Maven Central`, () =>
    run(
      ...maven([
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        "-Dstyle.color=never",
        `--file=${path.join(folder, "pom.xml")}`,
        `-Doutput.directory=${partial}`,
        "dependency:copy-dependencies",
      ]),
    ),
  );
  renameSync(partial, directory);
}

/**
 * @param {number} port 0: a free one
 * @returns {[string, string[]]}
 */
export function dynamodbLocalCommand(port) {
  const directory = libraries();
  if (!existsSync(directory)) {
    throw new Failure("DynamoDB Local is not there yet: `npm run test:dynamodb-local` fetches it.");
  }
  return [
    "java",
    [
      // Ready in half the time: the process is too short-lived for the optimising compiler.
      "-XX:TieredStopAtLevel=1",
      `-Djava.library.path=${directory}`,
      "--class-path",
      path.join(directory, "*"),
      path.join(folder, "DynamoDbLocal.java"),
      String(port),
    ],
  ];
}
