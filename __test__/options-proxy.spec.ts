// The proxy option, tested with a forward proxy that records the requests.
import { type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { callInChild, literal, runChild } from "./helpers/child";
import { failureOf } from "./helpers/failure";
import { passOn, useForwardProxy } from "./helpers/forward-proxy";
import { useRecordedTable } from "./helpers/recorded";
import { credentials, region } from "./helpers/table";

const { table, recorder, recorded } = useRecordedTable();

/** The requests and tunnels that the proxy received, and their credentials. */
let seen: { target: string; authorization: string | undefined }[] = [];
let status = 0;

function note(request: IncomingMessage): void {
  const authorization = request.headers["proxy-authorization"];
  seen.push({ target: `${request.method} ${request.url}`, authorization });
}

const address = useForwardProxy({
  request(incoming, outgoing) {
    note(incoming);
    if (status) {
      outgoing.writeHead(status).end();
    } else {
      passOn(incoming, outgoing);
    }
  },
  tunnel(request, socket) {
    note(request);
    if (status) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const [host = "", port = "443"] = String(request.url).split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  },
});

beforeEach(() => {
  seen = [];
  status = 0;
});

describe("a proxy URL", () => {
  it("[OPT-18] every request to a plain endpoint goes through it", async () => {
    const driver = recorded({ proxy: address() });
    await driver.setItem("k", "v");
    expect(await driver.getItem("k")).toBe("v");
    const target = `POST ${recorder.endpoint}/`;
    expect(seen).toEqual([
      { target, authorization: undefined },
      { target, authorization: undefined },
    ]);
    expect(recorder.operations()).toEqual(["PutItem", "GetItem"]);
  });

  it("[OPT-18] its user information is sent only to the proxy", async () => {
    expect(await recorded({ proxy: address("me:p%40ss@") }).getItem("none")).toBeNull();
    const authorization = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
    expect(seen.map((request) => request.authorization)).toEqual([authorization]);
  });

  it("[OPT-18] uses CONNECT for an https endpoint", async () => {
    const endpoint = "https://dynamodb.invalid";
    status = 502;
    const options = { endpoint, proxy: address("me:CANARY@"), maxAttempts: 1 };
    const error = await failureOf(table.driver(options).getItem("k"));
    expect(error.code).toBe("ERR_DYNAMODB_CONNECTION");
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
    const authorization = `Basic ${Buffer.from("me:CANARY").toString("base64")}`;
    expect(seen).toEqual([{ target: "CONNECT dynamodb.invalid:443", authorization }]);
  });

  it("[OPT-18] an unreachable proxy is a ConnectionError", async () => {
    const proxy = "http://me:CANARY@127.0.0.1:9";
    const error = await failureOf(recorded({ proxy }).getItem("k"));
    expect(error).toMatchObject({ name: "ConnectionError", code: "ERR_DYNAMODB_CONNECTION" });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("CANARY");
    expect(recorder.exchanges).toEqual([]);
  });
});

describe("a proxy in the environment", () => {
  const base = { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: "secret" };
  const options = (more: object): Record<string, unknown> => ({
    table: table.name,
    region,
    endpoint: recorder.endpoint,
    ...more,
  });

  it("[OPT-18] is used if the option is true, except for hosts in NO_PROXY", async () => {
    const env = { ...base, HTTP_PROXY: address() };
    expect((await callInChild(options({ proxy: true }), { env })).reports).toEqual([null]);
    expect(seen.map(({ target }) => target)).toEqual([`POST ${recorder.endpoint}/`]);
    seen = [];
    const without = { env: { ...env, NO_PROXY: "127.0.0.1" } };
    expect((await callInChild(options({ proxy: true }), without)).reports).toEqual([null]);
    expect(seen).toEqual([]);
  });

  it("[OPT-18] is ignored if the option is absent or false", async () => {
    const env = { ...base, HTTP_PROXY: address(), HTTPS_PROXY: address(), ALL_PROXY: address() };
    const script = `
      for (const proxy of [undefined, null, false])
        report(await dynamoDbCacheDriver({ ...${literal(options({}))}, proxy }).getItem("none"));
    `;
    expect((await runChild(script, { env })).reports).toEqual([null, null, null]);
    expect(seen).toEqual([]);
  });
});
