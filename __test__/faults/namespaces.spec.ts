// Names that do not resolve, resolve late or to somewhere else, and file systems that allow little: each in namespaces of
// its own, where the test owns the network and the mounts.
import { describe, expect, it } from "vitest";
import { literal, root, runChild } from "../helpers/child";
import { type CaseOptions, type CaseResult, runCase } from "./helpers/case";

const dns = new URL("./helpers/dns.mjs", import.meta.url).href;

/** Runs Node in a network and mount namespace of its own, after `setup` (shell). */
function inNamespace(setup: string): CaseOptions {
  const mapped = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const shell = `set -e; ip link set lo up; ${setup}; exec "$@"`;
  return { through: ["unshare", ...mapped, "--net", "--mount", "sh", "-c", shell, "sh"] };
}

const resolver = (options: string): string => `nameserver 127.0.0.1\noptions ${options}\n`;

/** The body of a case with a name server; `answers` is the source of its function. */
function withNames(answers: string, body: string, setup = "true"): Promise<CaseResult> {
  // An unanswered lookup keeps its socket open until the resolver gives up, after 2 seconds.
  const linger = answers.includes("undefined") ? 2500 : 0;
  const script = `
    const { startDns } = await import(${literal(dns)});
    const { createServer } = await import("node:http");
    const { once } = await import("node:events");
    let answers = ${answers};
    const names = await startDns((type) => answers(type));
    async function serve(host, text) {
      const body = JSON.stringify({ Item: { value: { S: text } } });
      const server = createServer((_, answer) => answer.end(body)).listen(8000, host);
      await once(server, "listening");
      return server;
    }
    // A name that cannot be public: the warning about those is not what this is about.
    const options = { endpoint: "http://db.internal:8000", connectTimeout: 1000 };
    ${body}
    names.close();
    await sleep(${linger});
  `;
  const mount = "mount --bind resolv /etc/resolv.conf";
  const home = { resolv: resolver("timeout:2 attempts:1") };
  return runCase(script, { ...inNamespace(`${mount}; ${setup}`), home });
}

describe("a name", () => {
  it("[case 30] that does not exist: an error in bounded time", async () => {
    const { reports } = await withNames(
      `() => ({ code: 3 })`,
      `report(await settle(make(options).getItem("k")));`,
    );
    expect(reports[0].error).toMatchObject({ code: "ERR_DYNAMODB_CONNECTION", retryable: true });
    expect(reports[0].ms).toBeLessThan(5000);
  });

  it("[case 30] that is never resolved: an error in time, and the process ends", async () => {
    const { reports } = await withNames(
      `() => undefined`,
      `report(await settle(make({ ...options, maxAttempts: 2 }).getItem("k")));`,
    );
    expect(reports[0].error.code).toMatch(/^ERR_DYNAMODB_(TIMEOUT|CONNECTION)$/);
    expect(reports[0].ms).toBeLessThan(5000);
  });

  it("[case 30] that is answered late: works", async () => {
    const { reports } = await withNames(
      `(type) => type === "A" ? { addresses: ["127.0.0.2"], delay: 500 } : { delay: 500 }`,
      `const server = await serve("127.0.0.2", "late");
       report(await settle(make({ ...options, connectTimeout: 5000 }).getItem("k")));
       server.closeAllConnections(); server.close();`,
    );
    expect(reports[0].value).toBe("late");
  });

  it("[case 30] that moves after a failover: the next call goes to the new address", async () => {
    const { reports } = await withNames(
      `(type) => ({ addresses: type === "A" ? ["127.0.0.2"] : [] })`,
      `const old = await serve("127.0.0.2", "old");
       const driver = make(options);
       report(await settle(driver.getItem("k")));
       answers = (type) => ({ addresses: type === "A" ? ["127.0.0.3"] : [] });
       const next = await serve("127.0.0.3", "new");
       old.closeAllConnections(); old.close();
       report(await settle(driver.getItem("k")));
       next.closeAllConnections(); next.close();`,
    );
    expect(reports.map(({ value }) => value)).toEqual(["old", "new"]);
  });

  it("[NET-1] [NET-2] of two IPv4 addresses, the first a black hole: the second is tried soon, then first", async () => {
    const { reports } = await withNames(
      `(type) => ({ addresses: type === "A" ? ["10.9.9.3", "169.254.7.2"] : [] })`,
      `const server = await serve("10.9.9.3", "v");
       const patient = make({ ...options, connectTimeout: 0, attemptTimeout: 0, timeout: 0 });
       report(await settle(patient.getItem("k")));
       server.closeAllConnections();
       await sleep(50);
       report(await settle(patient.getItem("k")));
       report(await settle(make({ ...options, connectTimeout: 600, maxAttempts: 1 }).getItem("k")));
       server.closeAllConnections(); server.close();`,
      [
        "ip link add hole type veth peer name end",
        "ip addr add 169.254.7.1/16 dev hole",
        "ip link set hole up",
        "ip link set end up",
        "ip neigh add 169.254.7.2 lladdr 02:00:00:00:00:01 dev hole nud permanent",
        // The system's resolver puts a link-local address first.
        "ip addr add 10.9.9.3/32 dev lo",
      ].join("; "),
    );
    expect(reports.map(({ value }) => value)).toEqual(["v", "v", "v"]);
    expect(reports[1].ms).toBeLessThan(reports[0].ms);
  });

  it("[NET-4] [NET-5] that 50 calls wait for: one lookup, which no connect time-out ends", async () => {
    const { reports } = await withNames(
      `(type) => {
         globalThis.lookups = (globalThis.lookups ?? 0) + (type === "A");
         return { addresses: type === "A" ? ["127.0.0.2"] : [], delay: 1000 };
       }`,
      `const server = await serve("127.0.0.2", "v");
       const driver = make({ ...options, connectTimeout: 500, maxAttempts: 1 });
       const values = await Promise.all(Array.from({ length: 50 }, (_, n) => settle(driver.getItem("k" + n))));
       report([globalThis.lookups, values.filter(({ value }) => value === "v").length]);
       server.closeAllConnections(); server.close();`,
    );
    expect(reports[0]).toEqual([1, 50]);
  });

  it("[case 30] whose IPv6 address is a black hole: IPv4 is tried within 300 ms", async () => {
    const { reports } = await withNames(
      `(type) => ({ addresses: [type === "A" ? "127.0.0.2" : "fd00::2"] })`,
      `const server = await serve("127.0.0.2", "v4");
       const times = [];
       for (let n = 0; n < 3; n += 1) {
         const { ms, value } = await settle(make({ ...options, connectTimeout: 5000 }).getItem("k"));
         times.push(ms);
         if (value !== "v4") throw new Error("not v4");
       }
       report(Math.min(...times));
       server.closeAllConnections(); server.close();`,
      [
        "ip link add hole type veth peer name end",
        "ip addr add fd00::1/64 dev hole nodad",
        "ip link set hole up",
        "ip link set end up",
        // A neighbour that is known and not there: what is sent to it vanishes.
        "ip -6 neigh add fd00::2 lladdr 02:00:00:00:00:01 dev hole nud permanent",
      ].join("; "),
    );
    // 300 ms, and the look-up and the connection itself.
    expect(reports[0]).toBeLessThan(1300);
  });
});

describe("a file system", () => {
  const remount = (options: string): string =>
    `mount --bind ${root} ${root}; mount -o remount,bind,${options} ${root}`;

  it("[case 51] that allows no execution: one clear error that names the addon, no crash", async () => {
    const { through } = inNamespace(remount("noexec"));
    const { code, signal, reports, stderr } = await runChild(
      `const driver = dynamoDbCacheDriver({ table: "cases", region: "us-east-1" });
       const { code, message } = await failure(driver.getItem("k"));
       report({ code, message });`,
      { through },
    );
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(reports[0].code).toBe("ERR_DYNAMODB_BINDING");
    expect(reports[0].message).toMatch(/linux-\w+/);
  });

  it("[case 51] that is read-only: works", async () => {
    const { reports } = await runCase(
      `report(await settle(make({ endpoint: "http://127.0.0.1:9", maxAttempts: 1 }).getItem("k")));`,
      inNamespace(remount("ro")),
    );
    expect(reports[0].error.code).toBe("ERR_DYNAMODB_CONNECTION");
  });
});
