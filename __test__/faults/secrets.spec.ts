// Whatever a process is told to log, and however it fails: no credential and no value is printed.
import { describe, expect, it } from "vitest";
import { literal, runChild } from "../helpers/child";
import { expectNoSecret } from "./helpers/case";
import { awsError, found, type Script, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();
const inside = new URL("./helpers/inside.mjs", import.meta.url).href;

const talkative = {
  NODE_DEBUG: "net,http,https,tls,stream,timer,worker,child_process",
  RUST_LOG: "trace",
  RUST_BACKTRACE: "full",
  AWS_SDK_LOG: "trace",
  RUSTLS_LOG: "trace",
};

const mismatch = `The Canonical String should have been\n\nx-amz-security-token:CANARYtoken\n`;
const scripts: [string, Script][] = [
  ["that succeed", () => found("v")],
  ["that are throttled", () => awsError("ThrottlingException")],
  [
    "that are refused with what was signed",
    () => awsError("InvalidSignatureException", 400, mismatch),
  ],
  ["whose token expired", () => awsError("ExpiredTokenException")],
  ["that are answered with nonsense", () => ({ body: '{"CANARYbody": ' })],
  ["that break", () => ({ silent: true, ending: "reset" })],
  ["that take too long", () => ({ silent: true, ending: "hang" })],
];

describe("in the output of calls", () => {
  it.each(scripts)("[case 45] %s: no secret, however much is logged", async (_, script) => {
    endpoint.script(script);
    const { code, stdout, stderr, reports, ...rest } = await runChild(
      `const { canary, make, settle } = await import(${literal(inside)});
       const { inspect } = await import("node:util");
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, attemptTimeout: 200, timeout: 500 });
       const calls = [
         driver.setItem("k", canary.value), driver.getItem("k"), driver.getKeys(),
         driver.setItems([{ key: "a", value: canary.value }, { key: "b", value: [canary.value] }]),
         driver.setItemRaw("k", Buffer.from(canary.value)), driver.getItems(["a", "b"]),
         driver.setItem("k", canary.value.repeat(10_000)), driver.removeItem("k"), driver.clear(),
       ];
       report(await Promise.all(calls.map((call) => settle(call))));
       console.log(inspect(driver, { depth: Infinity, showHidden: true, getters: true }));
       console.log(JSON.stringify(driver), String(driver));`,
      { env: talkative },
    );
    expect(code).toBe(0);
    // It was told to log, and did.
    expect(stderr).toMatch(/^(NET|HTTP|STREAM|TIMER)/m);
    const own = stdout.replace('"value":"v"', "");
    expectNoSecret({ code, stdout: own, stderr, reports, ...rest });
  });
});
