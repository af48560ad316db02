// A name server of a test's own, inside a network namespace: answers as it is told to, late, or not at all.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const types = { 1: "A", 28: "AAAA" };

/** `answer(type)` gives addresses (text), a delay, or `code` 3 for "no such name"; undefined: silence. */
export async function startDns(answer) {
  const socket = createSocket("udp4");
  socket.on("message", async (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const type = types[query.readUInt16BE(end - 4)];
    const { addresses = [], delay = 0, code = 0 } = answer(type) ?? { delay: Infinity };
    if (delay === Infinity) return;
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
    const bytes = address.includes(":")
      ? ipv6(address)
      : Buffer.from(address.split(".").map(Number));
    const record = Buffer.alloc(12);
    // The name asked for; its type, class IN, good for no time at all, and the length of the address.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(bytes.length === 16 ? 28 : 1, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

/** Of the form `fd00::2`. */
function ipv6(address) {
  const [left = "", right = ""] = address.split("::");
  const bytes = Buffer.alloc(16);
  left.split(":").forEach((part, n) => bytes.writeUInt16BE(Number.parseInt(part, 16), n * 2));
  const last = right.split(":");
  last.forEach((part, n) =>
    bytes.writeUInt16BE(Number.parseInt(part, 16), 16 - (last.length - n) * 2),
  );
  return bytes;
}
