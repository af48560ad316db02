// The way to the endpoint, step by step: name, port, TLS, clock. The driver's own first request decides about TLS,
// because it does not trust the same authorities as this process. Behind a proxy, only that request is possible.
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";

import { failed, failureOf, ok, skipped } from "./result.mjs";

/** @typedef {import("./doctor.mjs").Session} Session */

/** The driver's own default for a connection. */
const CONNECT_MS = 3100;

/** AWS rejects signatures that are 5 minutes off, and expiry is wrong by any difference. */
const MAX_SKEW_MS = 30_000;

/** More than the head of any answer of DynamoDB. */
const MAX_HEAD = 16_384;

/** No answer of DynamoDB arrived. */
export const LOST = /^ERR_DYNAMODB_(CONNECTION|TIMEOUT|RESPONSE)$/;

const throughProxy = () => skipped("not checked with --proxy: the requests below go through it");

/** @param {Session} session */
const addressOf = ({ url }) => ({
  host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
  port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
});

/**
 * Waits for an event of a socket, or for its error.
 *
 * @param {import("node:net").Socket} socket @param {string} event
 */
async function opened(socket, event) {
  socket.setTimeout(CONNECT_MS, () => {
    socket.destroy(new Error(`no answer within ${CONNECT_MS} ms`));
  });
  await once(socket, event);
}

/** @param {Session} session */
async function dns(session) {
  const { host } = addressOf(session);
  if (session.proxied) return throughProxy();
  if (isIP(host)) return ok(`${host} is an address`);
  try {
    const addresses = await lookup(host, { all: true });
    return ok(`${host} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    const cure = "check --endpoint and --region, and the resolver of this machine or its VPC";
    return failed(`${host} cannot be resolved (${error.code})`, cure);
  }
}

/** @param {Session} session */
async function endpoint(session) {
  if (session.proxied) return throughProxy();
  const { host, port } = addressOf(session);
  const socket = connectTcp({ host, port });
  try {
    await opened(socket, "connect");
    return ok(`${session.url.origin} accepts connections`);
  } catch (error) {
    // With several addresses, the error only has a code.
    const reason = error.message || error.code;
    return failureOf({
      code: "ERR_DYNAMODB_CONNECTION",
      message: `${session.url.origin} does not accept connections (${reason})`,
    });
  } finally {
    socket.destroy();
  }
}

/** @param {Session} session */
async function tls(session) {
  if (session.url.protocol === "http:") return skipped("not used: the endpoint is http:");
  const { error } = await session.firstAnswer();
  // What a server answers is a matter of the next checks.
  if (LOST.test(error?.code) && !error.httpStatusCode) return failureOf(error);
  if (session.proxied) return ok("the certificate is trusted");
  await ask(session);
  const { protocol, until } = session.seen;
  return ok(`${protocol ?? "TLS"}, trusted${until ? `, valid until ${until}` : ""}`);
}

/** @param {Session} session */
async function clock(session) {
  if (session.proxied) return throughProxy();
  if (session.seen.asked === undefined) await ask(session);
  const { date, asked = 0, answered = 0 } = session.seen;
  if (!date) return skipped("the endpoint does not tell the time");
  // The header has whole seconds.
  const ahead = (asked + answered) / 2 - (date + 500);
  const seconds = Math.round(Math.abs(ahead) / 1000);
  const figures = { aheadSeconds: Math.round(ahead / 1000) };
  if (Math.abs(ahead) <= MAX_SKEW_MS) return ok("agrees with the endpoint's", { figures });
  const side = ahead > 0 ? "ahead of" : "behind";
  const cure = "set this machine's clock (NTP): items expire at the wrong time";
  return {
    ...failed(`this machine is ${seconds} s ${side} the endpoint`, cure),
    figures,
  };
}

/**
 * Sends an empty request on a connection of its own, for the certificate and the time. Certificates are not verified,
 * because nothing is sent here, and the driver has verified the same server.
 *
 * @param {Session} session
 */
async function ask(session) {
  const { host, port } = addressOf(session);
  const isTls = session.url.protocol === "https:";
  const servername = isIP(host) ? "" : host;
  const { seen } = session;
  seen.asked = Date.now();
  const secure = isTls && connectTls({ host, port, servername, rejectUnauthorized: false });
  const socket = secure || connectTcp({ host, port });
  try {
    await opened(socket, secure ? "secureConnect" : "connect");
    if (secure) {
      seen.protocol = secure.getProtocol() ?? undefined;
      seen.until = secure.getPeerCertificate().valid_to;
    }
    seen.asked = Date.now();
    socket.write(`GET / HTTP/1.1\r\nHost: ${session.url.host}\r\nConnection: close\r\n\r\n`);
    let head = "";
    for await (const chunk of socket) {
      head += chunk;
      if (head.includes("\r\n\r\n") || head.length > MAX_HEAD) break;
    }
    seen.answered = Date.now();
    seen.date = Date.parse(/^date: (.+)$/im.exec(head)?.[1] ?? "") || undefined;
  } catch {
    // The driver's own request says whether the endpoint works.
  } finally {
    socket.destroy();
  }
}

/** @type {import("./doctor.mjs").Check[]} */
export const network = [
  { name: "dns", essential: true, run: dns },
  { name: "endpoint", essential: true, run: endpoint },
  { name: "tls", essential: true, run: tls },
  { name: "clock", run: clock },
];
