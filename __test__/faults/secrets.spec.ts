// No credential and no value is printed, however a call fails and whatever the process logs.
import { describe, expect, it } from "vitest";
import { awsError, found, type Script, useEndpoint } from "../helpers/endpoint";
import { expectNoSecret, runPlain } from "./helpers/case";

const endpoint = useEndpoint();
const verbose = {
  NODE_DEBUG: "net,http,https,tls,stream,timer,worker,child_process",
  RUST_LOG: "trace",
  RUST_BACKTRACE: "full",
  AWS_SDK_LOG: "trace",
  RUSTLS_LOG: "trace",
};
const mismatch = "The Canonical String should have been\n\nx-amz-security-token:CANARYtoken\n";
const scripts: [string, Script][] = [
  ["that succeed", () => found("v")],
  ["that are throttled", () => awsError("ThrottlingException")],
  [
    "whose response quotes the signed request",
    () => awsError("InvalidSignatureException", 400, mismatch),
  ],
  ["whose token expired", () => awsError("ExpiredTokenException")],
  ["that are answered with nonsense", () => ({ body: '{"CANARYbody": ' })],
  ["that break", () => ({ silent: true, ending: "reset" })],
  ["that take too long", () => ({ silent: true, ending: "hang" })],
];

describe("the output of calls", () => {
  it.each(scripts)("[case 45] %s: no secret at any log level", async (_, script) => {
    endpoint.script(script);
    const { code, stdout, stderr } = await runPlain(
      `const { inspect } = await import("node:util");
       const { value } = canary;
       report(await settleAll([
         driver.setItem("k", value), driver.getItem("k"), driver.getKeys(), driver.clear(),
         driver.setItems([{ key: "a", value }, { key: "b", value: [value] }]),
         driver.setItemRaw("k", Buffer.from(value)), driver.getItems(["a", "b"]),
         driver.setItem("k", value.repeat(10_000)), driver.removeItem("k"),
       ]));
       console.log(inspect(driver, { depth: Infinity, showHidden: true, getters: true }));
       console.log(JSON.stringify(driver), String(driver));`,
      {
        driver: { endpoint: endpoint.endpoint, attemptTimeout: 200, timeout: 500 },
        env: verbose,
      },
    );
    expect(code).toBe(0);
    // It did log.
    expect(stderr).toMatch(/^(NET|HTTP|STREAM|TIMER)/m);
    expectNoSecret({ stdout, stderr });
  });
});
