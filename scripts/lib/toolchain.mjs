// Is there everything to build with? Said once, clearly, before a compiler says it at length.
import { outputOf } from "./process.mjs";
import { readJson, readText } from "./project.mjs";
import { Failure } from "./steps.mjs";

/**
 * @param {string} version
 * @param {string} minimum
 */
function isAtLeast(version, minimum) {
  return version.localeCompare(minimum, "en", { numeric: true }) >= 0;
}

/**
 * Reads a range of the form `^20.19.0 || >=22.12.0`, the only one that engines uses here.
 *
 * @param {string} version
 * @param {string} range
 */
function isInRange(version, range) {
  return range.split("||").some((part) => {
    const [, operator, minimum] = /^\s*(\^|>=)(\S+)\s*$/.exec(part) ?? [];
    const sameMajor = version.split(".")[0] === minimum?.split(".")[0];
    return minimum !== undefined && isAtLeast(version, minimum) && (operator === ">=" || sameMajor);
  });
}

function checkNode() {
  const range = readJson("package.json").engines.node;
  if (!isInRange(process.versions.node, range)) {
    throw new Failure(`Node ${range} is needed, this is ${process.versions.node}.`);
  }
}

function checkRust() {
  const minimum = /^rust-version = "(.+)"$/m.exec(readText("Cargo.toml"))?.[1] ?? "0";
  // In a rustup set-up this also fetches the toolchain that rust-toolchain.toml pins.
  const version = /^cargo (\d+\.\d+\.\d+)/.exec(outputOf("cargo", ["--version"]) ?? "")?.[1];
  if (version === undefined) {
    throw new Failure(
      "No Rust toolchain (`cargo`) found. Install it from https://rustup.rs and run this again.",
    );
  }
  if (!isAtLeast(version, minimum)) {
    throw new Failure(
      `Rust ${minimum} or newer is needed, this is ${version}: run \`rustup update\`.`,
    );
  }
}

function checkCompiler() {
  // On Windows the Rust toolchain itself finds Visual Studio, and says what is missing.
  if (process.platform === "win32") {
    return;
  }
  const compiler = process.env.CC || "cc";
  if (outputOf(compiler, ["--version"]) === undefined) {
    const packages =
      process.platform === "darwin" ? "run `xcode-select --install`" : "install gcc or clang";
    throw new Failure(`No C compiler (\`${compiler}\`) found: ${packages} and run this again.`);
  }
}

export function checkToolchain() {
  checkNode();
  checkRust();
  checkCompiler();
}
