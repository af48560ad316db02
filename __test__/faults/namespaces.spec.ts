// Names that do not resolve, resolve late or to another address, and restricted file systems. Each case runs in
// separate namespaces, where the test controls network and mounts.
import { describe, expect, it } from "vitest";
import { literal, root } from "../helpers/child";
import { type CaseOptions, expectEnd, runCase, runPlain } from "./helpers/case";

/** A network that drops packets to this address: a configured neighbour that does not exist. */
const blackHole = (network: string, address: string): string =>
  `ip link add hole type veth peer name end; ip link set end up; ip addr add ${network} dev hole;
   ip link set hole up; ip neigh add ${address} lladdr 02:00:00:00:00:01 dev hole nud permanent`;
const dns = new URL("./helpers/dns.mjs", import.meta.url).href;

/** Runs Node in a separate network and mount namespace, after `setup` (shell). */
function inNamespace(setup: string): CaseOptions {
  const mapped = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const shell = `set -e; ip link set lo up; ${setup}; exec "$@"`;
  return { through: ["unshare", ...mapped, "--net", "--mount", "sh", "-c", shell, "sh"] };
}

/** Returns the reports of a case with a name server. `answers` is the source of its function. */
function withNames(answers: string, body: string, setup = "true"): Promise<any[]> {
  // An unanswered lookup keeps its socket open until the resolver gives up after 2 seconds.
  const linger = answers.includes("undefined") ? 2500 : 0;
  const script = `
    const { startDns } = await import(${literal(dns)});
    const { createServer } = await import("node:http");
    const { once } = await import("node:events");
    let answers = ${answers};
    const names = await startDns((type) => answers(type));
    const servers = [];
    async function serve(host, text) {
      const body = JSON.stringify({ Item: { value: { S: text } } });
      const server = createServer((_, answer) => answer.end(body)).listen(8000, host);
      await once(server, "listening");
      servers.push(server);
    }
    const stop = () => servers.splice(0).forEach((server) => (server.closeAllConnections(), server.close()));
    ${body}
    stop();
    names.close();
    await sleep(${linger});
  `;
  return runCase(script, {
    ...inNamespace(`mount --bind resolv /etc/resolv.conf; ${setup}`),
    home: { resolv: "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n" },
    // A private name, so that the warning about public hosts is not printed.
    driver: { endpoint: "http://db.internal:8000", connectTimeout: 1000 },
  });
}

describe("a name", () => {
  it.each([
    ["does not exist", `() => ({ code: 3 })`, /CONNECTION$/],
    ["is never resolved", `() => undefined`, /(TIMEOUT|CONNECTION)$/],
  ])("[case 30] that %s: an error in time, and the process ends", async (_, answers, code) => {
    const read = `report(await settle(make({ ...options, maxAttempts: 2 }).getItem("k")));`;
    const [{ error, ms }] = await withNames(answers, read);
    expect(error.code).toMatch(code);
    expect(error.retryable).toBe(true);
    expect(ms).toBeLessThan(5000);
  });

  it("[case 30] [NET-4] [NET-5] that resolves late: one lookup for 50 calls, and no connect timeout", async () => {
    const reports = await withNames(
      `(type) => {
         globalThis.lookups = (globalThis.lookups ?? 0) + (type === "A");
         return { addresses: type === "A" ? ["127.0.0.2"] : [], delay: 1000 };
       }`,
      `await serve("127.0.0.2", "v");
       const hasty = make({ ...options, connectTimeout: 500, maxAttempts: 1 });
       const calls = Array.from({ length: 50 }, (_, n) => hasty.getItem("k" + n));
       report((await settleAll(calls)).filter(({ value }) => value === "v").length);
       report(globalThis.lookups);`,
    );
    expect(reports).toEqual([50, 1]);
  });

  it("[case 30] that moves after a failover: the next call goes to the new address", async () => {
    const reports = await withNames(
      `(type) => ({ addresses: type === "A" ? ["127.0.0.2"] : [] })`,
      `await serve("127.0.0.2", "old");
       report(await settle(driver.getItem("k")));
       answers = (type) => ({ addresses: type === "A" ? ["127.0.0.3"] : [] });
       stop();
       await serve("127.0.0.3", "new");
       report(await settle(driver.getItem("k")));`,
    );
    expect(reports).toMatchObject([{ value: "old" }, { value: "new" }]);
  });

  it("[case 30] whose IPv6 address is a black hole: IPv4 is tried within 300 ms", async () => {
    const reports = await withNames(
      `(type) => ({ addresses: [type === "A" ? "127.0.0.2" : "fd000000000000000000000000000002"] })`,
      `await serve("127.0.0.2", "v4");
       for (let n = 0; n < 3; n += 1) {
         report(await settle(make({ ...options, connectTimeout: 5000 }).getItem("k")));
       }`,
      blackHole("fd00::1/64 nodad", "fd00::2"),
    );
    expect(reports.map(({ value }) => value)).toEqual(Array(3).fill("v4"));
    // 300 ms, plus the time for the lookup and the connection.
    expect(Math.min(...reports.map(({ ms }) => ms))).toBeLessThan(1300);
  });
});

describe("an address", () => {
  it("[case 06] that does not answer a SYN: an error in time", async () => {
    const [outcomes] = await runCase(
      `const calls = [driver.getItem("k"), driver.setItem("k", canary.value), driver.getKeys()];
       report(await settleAll(calls, 10_000));`,
      {
        ...inNamespace(blackHole("10.9.9.1/24", "10.9.9.2")),
        driver: { endpoint: "http://10.9.9.2", connectTimeout: 200, maxAttempts: 2 },
      },
    );
    for (const { error, ms } of outcomes) {
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_TIMEOUT", retryable: true });
      expect(ms).toBeGreaterThan(390);
      expect(ms).toBeLessThan(4000);
    }
  });
});

describe("a file system", () => {
  const remount = (options: string): string =>
    `mount --bind ${root} ${root}; mount -o remount,bind,${options} ${root}`;

  it("[case 51] that allows no execution: one clear error that names the addon, no crash", async () => {
    const result = await runPlain(
      `const { code, message } = await failure(driver.getItem("k"));
       report({ code, message });`,
      inNamespace(remount("noexec")),
    );
    expectEnd(result, { code: 0 });
    const message = expect.stringMatching(/linux-\w+/);
    expect(result.reports).toEqual([{ code: "ERR_DYNAMODB_BINDING", message }]);
  });

  it("[case 51] that is read-only: works", async () => {
    const [{ error }] = await runCase(`report(await settle(driver.getItem("k")));`, {
      ...inNamespace(remount("ro")),
      driver: { endpoint: "http://127.0.0.1:9", maxAttempts: 1 },
    });
    expect(error.code).toBe("ERR_DYNAMODB_CONNECTION");
  });
});
