// A name server inside a network namespace. It responds as scripted, late, or not at all.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const types = { 1: "A", 28: "AAAA" };

/**
 * `answer(type)` returns addresses (IPv6 in hex), a delay, or `code` 3 for "no such name". It is silent if undefined is
 * returned.
 */
export async function startDns(answer) {
  const socket = createSocket("udp4");
  socket.on("message", async (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const type = types[query.readUInt16BE(end - 4)];
    const answered = answer(type);
    if (!answered) return;
    const { addresses = [], delay = 0, code = 0 } = answered;
    await sleep(delay);
    socket.send(response(query, end, addresses, code), from.port, from.address);
  });
  socket.bind(53, "127.0.0.1");
  await once(socket, "listening");
  socket.unref();
  return socket;
}

function response(query, end, addresses, code) {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const isV4 = address.includes(".");
    const bytes = isV4 ? Buffer.from(address.split(".").map(Number)) : Buffer.from(address, "hex");
    // The requested name, its type, class IN, a TTL of zero, and the length of the address.
    const record = Buffer.from("c00c00000001000000000000", "hex");
    record.writeUInt16BE(isV4 ? 1 : 28, 2);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}
